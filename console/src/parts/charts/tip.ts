/** What stands beside the pointer. Built of nodes and never of HTML: names come from anybody. */
import styles from './Chart.module.css'

export interface TipLine {
  name: string
  value: string
  colour?: string
}

export function tip(heading: string, lines: TipLine[], note?: string): HTMLElement {
  const box = document.createElement('div')
  box.className = styles['tip'] ?? ''
  const head = document.createElement('p')
  head.textContent = heading
  box.append(head)
  for (const { name, value, colour } of lines) {
    const line = document.createElement('div')
    const label = document.createElement('span')
    if (colour) {
      const mark = document.createElement('i')
      mark.style.background = colour
      label.append(mark)
    }
    label.append(shortened(name))
    const amount = document.createElement('b')
    amount.textContent = value
    line.append(label, amount)
    box.append(line)
  }
  if (note) {
    const last = document.createElement('p')
    last.textContent = note
    box.append(last)
  }
  return box
}

const NAME_MOST = 80
const shortened = (name: string) => (name.length > NAME_MOST ? `${name.slice(0, NAME_MOST)}…` : name)

/** The frame of ECharts' own tooltip, which ours replaces. */
export const TOOLTIP = {
  confine: true,
  backgroundColor: 'transparent',
  borderWidth: 0,
  padding: 0,
  extraCssText: 'box-shadow:none',
  transitionDuration: 0,
}
