interface Node {
  readonly name: string;
  readonly superclass: string | null;
}

/** Classes below their superclasses; a class whose superclass is not among them stands at the left. */
export function classTree(classes: readonly Node[]): string {
  const known = new Set(classes.map(({ name }) => name.toLowerCase()));
  const children = new Map<string, Node[]>();
  for (const node of classes) {
    const above = node.superclass?.toLowerCase() ?? '';
    const key = known.has(above) ? above : '';
    const siblings = children.get(key);
    if (siblings === undefined) children.set(key, [node]);
    else siblings.push(node);
  }
  const lines: string[] = [];
  const draw = (key: string, indent: string): void => {
    const nodes = (children.get(key) ?? []).sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
    nodes.forEach((node, at) => {
      const last = at === nodes.length - 1;
      const isRoot = key === '';
      lines.push(isRoot ? node.name : `${indent}${last ? '└─ ' : '├─ '}${node.name}`);
      draw(node.name.toLowerCase(), isRoot ? '' : `${indent}${last ? '   ' : '│  '}`);
    });
  };
  draw('', '');
  return lines.join('\n');
}
