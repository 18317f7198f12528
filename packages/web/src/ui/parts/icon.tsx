/** Strokes on a grid of 24, drawn for this page. */
const shapes = {
  folder: "M3 6h6l2 2h10v11H3z",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  link: "M9 12h6M10 8H8a4 4 0 0 0 0 8h2M14 8h2a4 4 0 0 1 0 8h-2",
  other: "M12 4l8 8-8 8-8-8z",
  upload: "M12 16V4M7 9l5-5 5 5M4 20h16",
  download: "M12 4v12M7 11l5 5 5-5M4 20h16",
  "folder-plus": "M3 6h6l2 2h10v11H3zM12 11v5M9.5 13.5h5",
  "folder-up": "M3 6h6l2 2h10v11H3zM12 17v-6M9.5 13l2.5-2.5 2.5 2.5",
  rename: "M4 20h4L19 9l-4-4L4 16z",
  details: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 11v6M12 7v1",
  remove: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  reload: "M20 12a8 8 0 1 1-2.3-5.6M20 3v5h-5",
  closed: "M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3",
  open: "M6 11h12v9H6zM8 11V7a4 4 0 0 1 7.5-2",
  pause: "M8 5v14M16 5v14",
  play: "M7 4l12 8-12 8z",
  close: "M6 6l12 12M18 6L6 18",
  lines: "M4 6h16M4 12h10M4 18h13",
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  key: "M8 12a4 4 0 1 0 0 8 4 4 0 0 0 0-8M11 13L20 4M16 8l3 3",
  leave: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  copy: "M8 8h11v12H8zM5 16V4h10",
  cut: "M6 4l12 14M18 4L6 18M6 18a2 2 0 1 0 .1 0M18 18a2 2 0 1 0 .1 0",
  paste: "M8 5H5v15h14V5h-3M9 3h6v4H9z",
  over: "M4 8h14M14 4l4 4-4 4M20 16H6M10 12l-4 4 4 4",
  "file-plus": "M6 3h8l4 4v14H6zM14 3v4h4M12 11v6M9 14h6",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5L21 21",
  all: "M4 4h16v16H4zM8 12l3 3 5-6",
  tick: "M5 12l5 5 9-10",
  view: "M2 12c5-8 15-8 20 0-5 8-15 8-20 0M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  tiles: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  panes: "M3 5h18v14H3zM12 5v14",
  help: "M9 9a3 3 0 1 1 4 2.8c-1 .5-1 1.2-1 2.2M12 18v.5",
  more: "M5 12h.5M12 12h.5M19 12h.5",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.5",
  sound: "M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-2.5-2.5A2.5 2.5 0 0 1 9 18M19 16a2.5 2.5 0 1 1-2.5-2.5",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 9h4M4 15h4M16 9h4M16 15h4",
  code: "M6 3h8l4 4v14H6zM14 3v4h4M11 12l-2 2 2 2M13 12l2 2-2 2",
  up: "M12 20V5M6 11l6-6 6 6",
  down: "M12 4v15M6 13l6 6 6-6",
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}

/** Two doors, one of them open. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <rect x="2" y="3" width="20" height="18" rx="2" class="mark-wall" />
      <path d="M4 5h7v14H4z" class="mark-shut" />
      <path d="M13 5l6 2.5v9L13 19z" class="mark-open" />
    </svg>
  );
}
