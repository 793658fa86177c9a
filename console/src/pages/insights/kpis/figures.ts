/** KPIs as they are written, and the insight each is a number of. */
import type { Shape } from '~/api/shape'
import { t } from '~/words/language'
import { money } from '~/words/money'
import { NONE, percent } from '~/words/numbers'
import { asNumber, type CellKey } from '../answer'
import { decodeQuestion, encodeQuestion, isKind } from '../question'

export type Kpi = Shape<'KpiShape'>

/** A figure or a target, in the words of its column. */
export function figure({ type, currency }: Pick<Kpi, 'type' | 'currency'>, value: number | null): string {
  if (value === null) return NONE
  if (type === 'money') return money(value, currency ?? '')
  return type === 'share' ? percent(value) : asNumber(value)
}

export const targetWords = (kpi: Kpi) =>
  kpi.target === null ? NONE : kpi.direction === 'down' ? t('at most {{figure}}', { figure: figure(kpi, kpi.target) }) : t('at least {{figure}}', { figure: figure(kpi, kpi.target) })

const record = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Where the insight behind a KPI is, with its number open where the tree names a cell; null where there is none. */
export function wayTo(id: string, definition: Record<string, unknown>, days: number | null) {
  const nodes = definition['nodes']
  const node = Array.isArray(nodes) ? nodes.find((each): each is Record<string, unknown> => record(each) && each['id'] === id) : undefined
  const kind = node?.['insight']
  if (!node || !isKind(kind) || !record(node['question'])) return null
  const question = decodeQuestion(kind, { ...node['question'], when: { last_days: days ?? 30 } })
  if (!question) return null
  return { kind, search: { q: encodeQuestion(question), cell: record(node['cell']) ? (node['cell'] as CellKey) : undefined } }
}
