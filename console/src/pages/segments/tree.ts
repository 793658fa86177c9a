/** Changes to the builder's tree. Each gives a new tree and leaves the old one as it was. */

import type { Group, Node } from './model'

export const DEPTH_MOST = 4

/** The tree with the node of this id put through `change`; a change to null takes the node out. */
export function changed(root: Group, id: string, change: (node: Node) => Node | null): Group {
  if (root.id === id) return (change(root) as Group | null) ?? root
  const of: Node[] = []
  for (const node of root.of) {
    const next = node.id === id ? change(node) : node.kind === 'group' ? changed(node, id, change) : node
    if (next) of.push(next)
  }
  return { ...root, of }
}

export const removed = (root: Group, id: string) => changed(root, id, () => null)

export const added = (root: Group, parent: string, node: Node) =>
  changed(root, parent, (group) => (group.kind === 'group' ? { ...group, of: [...group.of, node] } : group))

export function depth(node: Node): number {
  return node.kind === 'group' ? 1 + Math.max(0, ...node.of.map(depth)) : 0
}
