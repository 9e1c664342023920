export interface DependencyNode {
  readonly name: string;
  readonly dependencies: readonly string[];
}

/**
 * Checks that tasks can run in some order.
 *
 * @throws TypeError when two tasks have one type, a dependency is not registered, or dependencies form a cycle, which
 *   the message spells out.
 */
export function assertRunnable(tasks: readonly DependencyNode[]): void {
  const byName = new Map<string, DependencyNode>();
  for (const task of tasks) {
    if (byName.has(task.name))
      throw new TypeError(`Task type ${JSON.stringify(task.name)} is registered by two tasks`);
    byName.set(task.name, task);
  }
  const done = new Set<string>();
  const path: string[] = [];
  // Depth-first with an explicit stack of frames: chains may be long.
  for (const root of tasks) {
    const stack = [{ node: root, next: 0 }];
    while (stack.length > 0) {
      const frame = stack.at(-1) as (typeof stack)[number];
      const { node } = frame;
      if (frame.next === 0) {
        if (done.has(node.name)) {
          stack.pop();
          continue;
        }
        path.push(node.name);
      }
      const dependency = node.dependencies[frame.next++];
      if (dependency === undefined) {
        done.add(node.name);
        path.pop();
        stack.pop();
        continue;
      }
      const target = byName.get(dependency);
      if (target === undefined) {
        throw new TypeError(
          `Task ${JSON.stringify(node.name)} depends on ${JSON.stringify(dependency)}, which is not registered with the distributor`,
        );
      }
      const start = path.indexOf(dependency);
      if (start >= 0) {
        const cycle = [...path.slice(start), dependency].map((name) => JSON.stringify(name)).join(" -> ");
        throw new TypeError(`Task dependencies form a cycle: ${cycle}`);
      }
      if (!done.has(dependency)) stack.push({ node: target, next: 0 });
    }
  }
}
