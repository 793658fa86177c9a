/** A trial as text to paste somewhere, and as a sheet. */
import { t } from '~/words/language'
import { full } from '~/words/moments'
import { count, percent } from '~/words/numbers'
import { told } from '~/words/told'
import { between, change, each, metricInTime, more, moreBetween, variantName } from './amounts'
import type { Comparison, Metric, Trial } from './trials'
import { metricOf, type Verdict } from './verdict'

/** All of it in plain text: the verdict, who took part, every metric with its interval, and how it was read. */
export function asText(name: string, trial: Trial, verdict: Verdict): string {
  const lines = [name, '', verdict.title, verdict.means, verdict.todo, verdict.still, '', t('Who takes part')]
  for (const { variant, people, exposed } of trial.variants) {
    lines.push(t('{{variant}}: {{people}} people, {{exposed}} of them got something', { variant: variantName(variant), people: count(people), exposed: count(exposed) }))
  }
  for (const metric of trial.question.metrics) {
    const compared = trial.comparisons.filter((one) => one.metric === metric.name && one.segment === null)
    if (compared.length === 0) continue
    lines.push('', metricInTime(metric))
    for (const { variant, figures } of trial.variants) lines.push(`${variantName(variant)}: ${each(figures[metric.name]?.mean, metric, trial.currency)}`)
    for (const one of compared) lines.push(comparisonText(one, metric, trial))
  }
  lines.push('', t('Read as of {{moment}}, {{confidence}} confidence, Holdfast {{version}}.', { moment: full(trial.as_of), confidence: percent(trial.confidence, 0), version: trial.code_version }))
  return lines.filter((line, i) => line !== '' || lines[i - 1] !== '').join('\n')
}

function comparisonText(one: Comparison, metric: Metric, trial: Trial): string {
  const of = { variant: variantName(one.variant), base: variantName(one.base) }
  if (one.difference.status === 'inconclusive') return t('{{variant}} against {{base}}: too early to say, {{reason}}', { ...of, reason: told(one.difference.reason) })
  const said = {
    ...of,
    difference: change(one.difference.value, metric, trial.currency),
    between: between(one.difference, metric, trial.currency),
    ratio: one.ratio.status === 'estimated' ? `, ${more(one.ratio.value)} (${moreBetween(one.ratio)})` : '',
  }
  return one.is_sure ? t('{{variant}} against {{base}}: {{difference}} ({{between}}){{ratio}}, beyond chance', said) : t('{{variant}} against {{base}}: {{difference}} ({{between}}){{ratio}}, may be chance', said)
}

const HEAD = [
  'trial', 'as_of', 'reading', 'confidence', 'metric', 'segment', 'variant', 'base', 'people', 'mean', 'base_mean', 'difference', 'low', 'high', 'ratio', 'ratio_low', 'ratio_high',
  'per_exposed', 'per_exposed_low', 'per_exposed_high', 'in_all', 'in_all_low', 'in_all_high', 'p_value', 'p_adjusted', 'is_sure', 'reason', 'currency',
]

/** A row a comparison, segments after the whole; money in minor units. The column names are those of the API. */
export function asSheet(trial: Trial): string {
  const mean = (one: Comparison, variant: string) =>
    one.segment === null ? (trial.variants.find((each) => each.variant === variant)?.figures[one.metric]?.mean ?? '') : ''
  const rows = [...trial.comparisons, ...trial.segments].map((one) => [
    trial.experiment, trial.as_of, trial.reading, trial.confidence, one.metric, one.segment ?? '', one.variant, one.base, one.people, mean(one, one.variant), mean(one, one.base),
    ...ends(one.difference), ...ends(one.ratio), ...ends(one.exposed), ...ends(one.in_all),
    one.difference.status === 'estimated' ? (one.difference.p_value ?? '') : '', one.p_adjusted ?? '', one.is_sure, one.difference.status === 'inconclusive' ? one.difference.reason : '',
    metricOf(trial, one.metric)?.is_money ? trial.currency : '',
  ])
  return sheetOf([HEAD, ...rows])
}

const ends = (found: Comparison['difference']) => (found.status === 'estimated' ? [found.value, found.low, found.high] : ['', '', ''])

/** Cells as CSV. A text that a spreadsheet would take for a formula is marked as text. */
export function sheetOf(rows: (string | number | boolean)[][]): string {
  return rows.map((row) => row.map(cell).join(',')).join('\r\n')
}

function cell(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value)
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(plain) ? `"${plain.replace(/"/g, '""')}"` : plain
}
