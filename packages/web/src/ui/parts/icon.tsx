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
  leave: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  up: "M12 20V5M6 11l6-6 6 6",
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
