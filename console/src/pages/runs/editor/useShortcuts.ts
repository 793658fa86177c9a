/** Keys that mean something wherever the focus is, but not while somebody types, and not under a dialog. */

import { useEffect, useRef } from 'react'

export interface Shortcuts {
  undo: () => void
  redo: () => void
  remove: (focused: string | null) => void
  insert: (focused: string | null) => void
  /** The text to be put on the clipboard; empty for nothing. */
  copied: (focused: string | null, cut: boolean) => string
  pasted: (text: string, focused: string | null) => void
}

const typing = (target: EventTarget | null) =>
  target instanceof Element && (target.closest('input, textarea, select, [contenteditable="true"], [role="dialog"], [role="menu"]') !== null || (window.getSelection()?.toString() ?? '') !== '')

const focusedStep = (target: EventTarget | null) => (target instanceof Element ? (target.closest<HTMLElement>('.react-flow__node[data-id]')?.dataset['id'] ?? null) : null)

export function useShortcuts(enabled: boolean, shortcuts: Shortcuts) {
  const latest = useRef(shortcuts)
  latest.current = shortcuts
  useEffect(() => {
    if (!enabled) return
    const key = (event: KeyboardEvent) => {
      if (event.defaultPrevented || typing(event.target)) return
      const command = event.metaKey || event.ctrlKey
      const letter = event.key.toLowerCase()
      const act = latest.current
      if (command && letter === 'z') event.shiftKey ? act.redo() : act.undo()
      else if (command && letter === 'y') act.redo()
      else if (!command && (event.key === 'Delete' || event.key === 'Backspace')) act.remove(focusedStep(event.target))
      else if (!command && event.key === 'Insert') act.insert(focusedStep(event.target))
      else return
      event.preventDefault()
    }
    const copy = (event: ClipboardEvent) => {
      if (typing(event.target)) return
      const text = latest.current.copied(focusedStep(document.activeElement), event.type === 'cut')
      if (!text) return
      event.clipboardData?.setData('text/plain', text)
      event.preventDefault()
    }
    const paste = (event: ClipboardEvent) => {
      if (typing(event.target)) return
      latest.current.pasted(event.clipboardData?.getData('text/plain') ?? '', focusedStep(document.activeElement))
    }
    document.addEventListener('keydown', key)
    document.addEventListener('copy', copy)
    document.addEventListener('cut', copy)
    document.addEventListener('paste', paste)
    return () => {
      document.removeEventListener('keydown', key)
      document.removeEventListener('copy', copy)
      document.removeEventListener('cut', copy)
      document.removeEventListener('paste', paste)
    }
  }, [enabled])
}
