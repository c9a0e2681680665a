//! The robot before a real core: what it asks is answered by an engine over real files.

use signalsmith::link::Link as _;

use super::robot::{Robot, Script};
use crate::support::workspace::Workspace;

/// A robot whose core is that of a workspace.
pub struct Desk {
    pub workspace: Workspace,
    pub robot: Robot,
}

impl Desk {
    pub fn new(workspace: Workspace, size: (u16, u16)) -> Self {
        let link = workspace.link();
        let runtime = workspace.runtime.handle().clone();
        let script: Script =
            Box::new(move |command| Some(runtime.block_on(link.send(command.clone()))));
        let world = (**workspace.link().view().borrow()).clone();
        let robot = Robot::new(size, world, script);
        Self { workspace, robot }
    }

    /// Presses keys one after another, each after the core's latest state has arrived.
    pub fn press(&mut self, keys: &[&str]) {
        for key in keys {
            self.robot.press(key);
            self.look();
        }
    }

    /// Lets the core's latest state arrive.
    pub fn look(&mut self) {
        let world = (**self.workspace.link().view().borrow()).clone();
        self.robot.world(world);
    }
}
