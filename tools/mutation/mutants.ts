import { type Expression, type Node, parseSync, type Span, visitorKeys } from "oxc-parser";

/** One small change of a source file that its tests ought to notice. Offsets count UTF-16 units, lines from 1. */
export interface Mutant {
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly original: string;
  readonly replacement: string;
}

/**
 * Lists every mutant of a TypeScript source, in the order of the text: conditions fixed, comparisons and arithmetic
 * turned, literals changed, results withheld, calls left out. Types, imports, names of properties, and texts for people
 * are left alone.
 */
export function mutantsOf(path: string, source: string): readonly Mutant[] {
  const { program, errors } = parseSync(path, source);
  if (errors[0] !== undefined) throw new SyntaxError(`${path}: ${errors[0].message}`);
  const mutants: Mutant[] = [];
  for (const node of nodesOf(program)) {
    for (const { at, replacement } of changesOf(node, (span) => source.slice(span.start, span.end))) {
      const original = source.slice(at.start, at.end);
      const line = source.slice(0, at.start).split("\n").length;
      if (original !== replacement) mutants.push({ start: at.start, end: at.end, line, original, replacement });
    }
  }
  return mutants.toSorted((left, right) => left.start - right.start);
}

/** Returns the source with one mutant in it. */
export function mutated(source: string, { start, end, replacement }: Mutant): string {
  return source.slice(0, start) + replacement + source.slice(end);
}

interface Change {
  readonly at: Span;
  readonly replacement: string;
}

type Text = (span: Span) => string;
type Changes = { readonly [T in Node["type"]]?: (node: Extract<Node, { type: T }>, text: Text) => readonly Change[] };

const operators: Readonly<Record<string, readonly string[]>> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "&": ["|"],
  "|": ["&"],
  "^": ["&"],
  "<<": [">>"],
  ">>": ["<<"],
  ">>>": ["<<"],
  "&&": ["||"],
  "||": ["&&"],
};
const assignments: Readonly<Record<string, string>> = { "+=": "-=", "-=": "+=", "*=": "/=", "|=": "&=", "&=": "|=" };

const changes: Changes = {
  BinaryExpression: turned,
  LogicalExpression: (node, text) =>
    node.operator === "??" ? [{ at: node, replacement: text(node.left) }] : turned(node, text),
  UnaryExpression: (node, text) =>
    node.operator === "!" || node.operator === "-" ? [{ at: node, replacement: text(node.argument) }] : [],
  UpdateExpression(node, text) {
    const operator = node.operator === "++" ? "--" : "++";
    return [{ at: node, replacement: node.prefix ? operator + text(node.argument) : text(node.argument) + operator }];
  },
  AssignmentExpression(node, text) {
    const operator = assignments[node.operator];
    if (operator === undefined) return [];
    return [{ at: node, replacement: `${text(node.left)} ${operator} ${text(node.right)}` }];
  },
  IfStatement: (node) => fixed(node.test, "true", "false"),
  ConditionalExpression: (node) => fixed(node.test, "true", "false"),
  WhileStatement: (node) => fixed(node.test, "false"),
  DoWhileStatement: (node) => fixed(node.test, "false"),
  ForStatement: (node) => (node.test === null ? [] : fixed(node.test, "false")),
  ReturnStatement: (node) => (node.argument === null ? [] : fixed(node.argument, "undefined")),
  ArrowFunctionExpression: (node) => (node.expression ? [{ at: node.body, replacement: "undefined" }] : []),
  ExpressionStatement: ({ expression }) => (isCall(expression) ? fixed(expression, "undefined") : []),
  ArrayExpression: (node) => (node.elements.length === 0 ? [] : fixed(node, "[]")),
  TemplateLiteral: (node) =>
    node.quasis.some((quasi) => isProse(quasi.value.raw)) ? [] : [{ at: node, replacement: "``" }],
  Literal(node) {
    if (typeof node.value === "boolean") return fixed(node, String(!node.value));
    if (typeof node.value === "number") return fixed(node, String(node.value + 1));
    if (typeof node.value === "bigint") return fixed(node, `${node.value + 1n}n`);
    if (typeof node.value === "string") return isProse(node.value) ? [] : fixed(node, node.value === "" ? '"?"' : '""');
    return "regex" in node ? unanchored(node, node.regex) : [];
  },
};

function changesOf(node: Node, text: Text): readonly Change[] {
  const change = changes[node.type] as ((node: Node, text: Text) => readonly Change[]) | undefined;
  return change?.(node, text) ?? [];
}

function fixed(at: Span, ...replacements: readonly string[]): readonly Change[] {
  return replacements.map((replacement) => ({ at, replacement }));
}

function turned(node: Extract<Node, { left: unknown; operator: string; right: unknown }>, text: Text) {
  return (operators[node.operator] ?? []).map((operator) => ({
    at: node,
    replacement: `${text(node.left)} ${operator} ${text(node.right)}`,
  }));
}

function unanchored(at: Span, { pattern, flags }: { pattern: string; flags: string }): readonly Change[] {
  return [pattern.replace(/^\^/, ""), pattern.replace(/(?<!\\)\$$/, "")]
    .filter((loose) => loose !== pattern && loose !== "")
    .map((loose) => ({ at, replacement: `/${loose}/${flags}` }));
}

function isCall(expression: Expression): boolean {
  if (expression.type === "AwaitExpression") return isCall(expression.argument);
  return expression.type === "CallExpression" || expression.type === "YieldExpression";
}

/** A word in small letters before another word: wording, which no peer may rely on. */
function isProse(value: string): boolean {
  return /[a-z][,;:]? [a-z]/i.test(value) && /[a-z]{2}[,;:]? /.test(value);
}

/** Nodes that exist for the types only around an expression that runs. */
const typedExpressions: ReadonlySet<string> = new Set([
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
]);

function* nodesOf(node: Node): Generator<Node> {
  if (node.type.startsWith("TS") && !typedExpressions.has(node.type)) return;
  if (node.type === "ImportDeclaration" || node.type === "ExportAllDeclaration") return;
  yield node;
  const hasName = "key" in node && "computed" in node && !node.computed;
  for (const key of visitorKeys[node.type] ?? []) {
    if (hasName && key === "key") continue;
    if (node.type === "ExportNamedDeclaration" && key !== "declaration") continue;
    const child = (node as unknown as Record<string, Node | readonly (Node | null)[] | null | undefined>)[key];
    for (const each of Array.isArray(child)
      ? (child as readonly (Node | null)[])
      : [child as Node | null | undefined]) {
      if (each !== null && each !== undefined) yield* nodesOf(each);
    }
  }
}
