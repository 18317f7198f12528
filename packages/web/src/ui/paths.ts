/** Paths of a server: `/` between names, absolute. */

export function childPath(directory: string, name: string): string {
  return directory.endsWith("/") ? `${directory}${name}` : `${directory}/${name}`;
}

export function parentPath(path: string): string {
  const at = path.replace(/\/+$/, "").lastIndexOf("/");
  return at <= 0 ? "/" : path.slice(0, at);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The directories above a path and itself, the root first. */
export function crumbs(path: string): readonly { readonly name: string; readonly path: string }[] {
  const names = path.split("/").filter((name) => name !== "");
  return [
    { name: "/", path: "/" },
    ...names.map((name, at) => ({ name, path: `/${names.slice(0, at + 1).join("/")}` })),
  ];
}

/** What a person typed, made absolute: `..` and `.` are taken at their word. */
export function typedPath(text: string, current: string): string {
  const whole = text.startsWith("/") ? text : childPath(current, text);
  const names: string[] = [];
  for (const name of whole.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}

/** Whether a name of a listing is one name: a server may send anything. */
export function isSafeName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0\r\n]/.test(name);
}
