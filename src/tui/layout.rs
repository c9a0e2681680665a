//! Layout: which panes a terminal of some size shows, and where.

use ratatui::layout::Rect;

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Below 40x10: one sentence.
    Tiny,
    /// Below 60 columns or 15 rows: one pane, two lines a sync.
    Small,
    /// Below 100 columns: list and detail take turns.
    Narrow,
    /// List, detail and log together.
    Wide,
}

impl Class {
    pub(crate) fn of((columns, rows): (u16, u16)) -> Self {
        if columns < 40 || rows < 10 {
            Self::Tiny
        } else if columns < 60 || rows < 15 {
            Self::Small
        } else if columns < 100 {
            Self::Narrow
        } else {
            Self::Wide
        }
    }
}

/// The panes of the Syncs screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Pane {
    #[default]
    List,
    Detail,
    Log,
}

/// What the layout depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub size: (u16, u16),
    pub banner: bool,
    pub pane: Pane,
    pub log: bool,
}

/// Where everything is; what is not shown is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Areas {
    pub class: Class,
    pub header: Rect,
    pub banner: Option<Rect>,
    /// All between header and footer.
    pub body: Rect,
    pub list: Option<Rect>,
    pub detail: Option<Rect>,
    pub log: Option<Rect>,
    pub footer: Rect,
}

impl Areas {
    pub(crate) fn of(wish: Wish) -> Self {
        let (columns, rows) = wish.size;
        let class = Class::of(wish.size);
        let head = u16::from(wish.banner && rows > 3);
        let body = Rect::new(0, 1 + head, columns, rows.saturating_sub(2 + head));
        let mut areas = Self {
            class,
            header: Rect::new(0, 0, columns, rows.min(1)),
            banner: (head > 0).then(|| Rect::new(0, 1, columns, 1)),
            body,
            list: None,
            detail: None,
            log: None,
            footer: Rect::new(0, rows.saturating_sub(1), columns, rows.min(1)),
        };
        match class {
            Class::Tiny => {}
            Class::Small => match wish.pane {
                Pane::List => areas.list = Some(body),
                Pane::Detail => areas.detail = Some(body),
                Pane::Log => areas.log = Some(body),
            },
            Class::Narrow if wish.pane == Pane::List => areas.list = Some(body),
            Class::Narrow => {
                let (upper, lower) = split_log(body, wish.log);
                areas.detail = Some(upper);
                areas.log = lower;
            }
            Class::Wide => {
                let (upper, lower) = split_log(body, wish.log);
                // The list needs about 50 columns; what is beyond that is the detail's and the log's.
                let list = (columns * 45 / 100).clamp(46, 72);
                areas.list = Some(Rect {
                    width: list,
                    ..upper
                });
                areas.detail = Some(Rect {
                    x: upper.x + list,
                    width: upper.width - list,
                    ..upper
                });
                areas.log = lower;
            }
        }
        areas
    }

    /// Whether `pane` is on the screen.
    pub(crate) fn shows(&self, pane: Pane) -> bool {
        match pane {
            Pane::List => self.list.is_some(),
            Pane::Detail => self.detail.is_some(),
            Pane::Log => self.log.is_some(),
        }
    }
}

/// Cuts the log off the lower third; its upper border lies on the lower border of what is above.
fn split_log(body: Rect, log: bool) -> (Rect, Option<Rect>) {
    if !log || body.height < 13 {
        return (body, None);
    }
    let height = (body.height * 2 / 5).clamp(5, 24);
    let y = body.bottom() - height;
    let upper = Rect {
        height: body.height - height + 1,
        ..body
    };
    (upper, Some(Rect { y, height, ..body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classes_begin_where_the_design_says() {
        assert_eq!(Class::of((120, 36)), Class::Wide);
        assert_eq!(Class::of((99, 36)), Class::Narrow);
        assert_eq!(Class::of((80, 24)), Class::Narrow);
        assert_eq!(Class::of((59, 14)), Class::Small);
        assert_eq!(Class::of((120, 14)), Class::Small);
        assert_eq!(Class::of((39, 24)), Class::Tiny);
        assert_eq!(Class::of((120, 9)), Class::Tiny);
    }

    #[test]
    fn every_pane_stays_inside_the_screen_at_any_size() {
        for columns in 0..240 {
            for rows in 0..70 {
                for pane in [Pane::List, Pane::Detail, Pane::Log] {
                    let size = (columns, rows);
                    let areas = Areas::of(Wish {
                        size,
                        banner: true,
                        pane,
                        log: true,
                    });
                    let screen = Rect::new(0, 0, columns, rows);
                    for area in [areas.list, areas.detail, areas.log, Some(areas.footer)] {
                        let area = area.unwrap_or(screen);
                        assert_eq!(area.intersection(screen), area, "{size:?} {pane:?}");
                    }
                }
            }
        }
    }
}
