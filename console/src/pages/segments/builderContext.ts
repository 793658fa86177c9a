import { createContext, useContext } from 'react'
import type { Group, Node } from './model'
import { added, changed, removed } from './tree'

export interface Builder {
  change: <N extends Node>(node: N, part: Partial<N>) => void
  remove: (id: string) => void
  add: (parent: string, node: Node) => void
}

export function builderOf(set: (change: (root: Group) => Group) => void): Builder {
  return {
    change: (node, part) => set((root) => changed(root, node.id, (old) => ({ ...old, ...part }) as Node)),
    remove: (id) => set((root) => removed(root, id)),
    add: (parent, node) => set((root) => added(root, parent, node)),
  }
}

export const BuilderContext = createContext<Builder | null>(null)

export function useBuilder(): Builder {
  const builder = useContext(BuilderContext)
  if (!builder) throw new Error('A rule stands outside a builder.')
  return builder
}
