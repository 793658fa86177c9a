/** How what a trial measures is written: shares in percent and points, money in the workspace's currency. */
import { LOCALE, t } from '~/words/language'
import { minorPerMajor, money } from '~/words/money'
import { duration } from '~/words/moments'
import { NONE, percent, points, signed } from '~/words/numbers'
import type { Estimated, Found, Metric } from './trials'

const plain = (value: number, signDisplay: 'auto' | 'exceptZero') =>
  value.toLocaleString(LOCALE, { minimumFractionDigits: 3, maximumFractionDigits: 3, signDisplay }).replace('-', '−')

/** What one person brings, on average; or what each order does, where it is told of orders. */
export function each(value: number | null | undefined, metric: Metric, currency: string): string {
  if (value === null || value === undefined) return NONE
  if (metric.measure === 'did') return percent(value)
  return metric.is_money ? money(value, currency) : plain(value, 'auto')
}

/** A difference between two of those, with its sign. */
export function change(value: number, metric: Metric, currency: string): string {
  if (metric.measure === 'did') return points(value)
  return metric.is_money ? money(Math.round(value), currency, true) : plain(value, 'exceptZero')
}

/** Where a difference lies: "+1.2 to +7.3 points". */
export function between(found: Estimated, metric: Metric, currency: string): string {
  if (metric.measure === 'did') return t('{{low}} to {{high}} points', { low: signed(found.low * 100), high: signed(found.high * 100) })
  return t('{{low}} to {{high}}', { low: change(found.low, metric, currency), high: change(found.high, metric, currency) })
}

/** A ratio as how much more: 1.125 is +12.5%. */
export const more = (ratio: number): string =>
  (ratio - 1).toLocaleString(LOCALE, { style: 'percent', signDisplay: 'exceptZero', minimumFractionDigits: 1, maximumFractionDigits: 1 }).replace('-', '−')

export const moreBetween = (found: Estimated): string => t('{{low}} to {{high}}', { low: more(found.low), high: more(found.high) })

/** A difference times everybody who got the variant: people who did it, or money. */
export function inAll(found: Found, metric: Metric, currency: string): string {
  if (found.status === 'inconclusive') return NONE
  return metric.is_money ? coarseMoney(found.value, currency) : signed(found.value, 0)
}

const coarse = new Map<string, Intl.NumberFormat>()

/** Sums of money that nobody needs to the cent: whole units of a currency, with their sign. */
export function coarseMoney(minor: number, currency: string): string {
  const major = minor / minorPerMajor(currency)
  if (Math.abs(major) < 100) return money(Math.round(minor), currency, true)
  let format = coarse.get(currency)
  if (!format) {
    try {
      format = new Intl.NumberFormat(LOCALE, { style: 'currency', currency, maximumFractionDigits: 0, signDisplay: 'exceptZero' })
    } catch {
      return money(Math.round(minor), currency, true)
    }
    coarse.set(currency, format)
  }
  return format.format(major).replace('-', '−')
}

export const inAllBetween = (found: Estimated, metric: Metric, currency: string): string =>
  t('{{low}} to {{high}}', { low: inAll({ ...found, value: found.low }, metric, currency), high: inAll({ ...found, value: found.high }, metric, currency) })

/** What a metric is called: "Reached “Order Completed”", "Revenue per person". */
export function metricName(metric: Metric): string {
  const event = metric.events.join(' / ')
  const per = metric.per.join(' / ')
  if (metric.after_seconds > 0)
    return t('Came back, day {{from}} to {{to}}', { from: Math.round(metric.after_seconds / 86_400), to: Math.round(metric.within_seconds / 86_400) })
  switch (metric.measure) {
    case 'did':
      return metric.is_guardrail ? event : t('Reached “{{event}}”', { event })
    case 'revenue':
      if (per) return t('Revenue per “{{per}}”', { per })
      return metric.cap === null ? t('Revenue per person') : t('Revenue per person, extremes capped')
    case 'worth':
      return per ? t('Worth of all goals per “{{per}}”', { per }) : t('Worth of all goals per person')
    case 'sum':
      return per ? t('{{property}} per “{{per}}”', { property: metric.adds_up ?? '', per }) : t('{{property}} per person', { property: metric.adds_up ?? '' })
    default:
      return per ? t('“{{event}}” per “{{per}}”', { event, per }) : t('“{{event}}” per person', { event })
  }
}

/** What it is called within a sentence. */
export function metricPhrase(metric: Metric): string {
  if (metric.after_seconds > 0) return t('coming back')
  if (metric.measure === 'did') return t('“{{name}}”', { name: metric.events.join(' / ') })
  return metric.measure === 'revenue' && metric.per.length === 0 ? t('revenue per person') : metricName(metric)
}

/** Whether more of it is worse. */
export const isWorse = (metric: Metric): boolean => metric.worse === 'more'

/** The same with its time: what a sentence needs. */
export const metricInTime = (metric: Metric): string =>
  metric.after_seconds > 0 ? metricName(metric) : t('{{metric}} within {{time}}', { metric: metricName(metric), time: duration(metric.within_seconds) })

/** What a variant is called; the arms of a holdout have names of ours. */
export function variantName(variant: string): string {
  if (variant === 'treated') return t('Treated')
  return variant === 'holdout' ? t('Holdout') : variant
}
