/** What a trial says, in plain words: what is so, what it means, what to do, and how long still. */
import { counted, t } from '~/words/language'
import { duration } from '~/words/moments'
import { decimal, percent } from '~/words/numbers'
import { told } from '~/words/told'
import { between, change, metricName, metricPhrase, more, variantName } from './amounts'
import type { Comparison, Estimated, Metric, Trial } from './trials'

export type Tone = 'good' | 'bad' | 'warn' | 'plain'

export interface Verdict {
  tone: Tone
  /** One or two words, for a list. */
  chip: string
  title: string
  means: string
  todo: string
  /** How long still; empty where there is nothing to wait for. */
  still: string
  /** The variant to go on with, where the trial says so. */
  winner: string | null
}

const DAY_MS = 86_400_000
/** A wait that nobody waits for is not told in days. */
const DAYS_MOST = 365
const SURE = 0.95

export const peopleIn = (trial: Trial): number => trial.variants.reduce((sum, { people }) => sum + people, 0)

/** The metric that decides. */
export const deciding = (trial: Trial): Metric | undefined => metricOf(trial, trial.primary)

export const metricOf = (trial: Trial, name: string): Metric | undefined => trial.question.metrics.find((metric) => metric.name === name)

export const comparisonsOf = (trial: Trial, metric: string): Comparison[] => trial.comparisons.filter((each) => each.metric === metric && each.segment === null)

/** Guardrails that moved the wrong way, beyond chance. */
export const broken = (trial: Trial): Comparison[] => trial.comparisons.filter(({ segment, guardrail }) => segment === null && guardrail === 'broken')

/** Revenue per person with nobody capped, of the shortest window there is. */
export const moneyOf = (trial: Trial): Metric | undefined =>
  trial.question.metrics
    .filter(({ measure, cap, per }) => measure === 'revenue' && cap === null && per.length === 0)
    .toSorted((one, other) => one.within_seconds - other.within_seconds)[0]

export function verdictOf(trial: Trial, now: Date): Verdict {
  const metric = deciding(trial)
  const people = peopleIn(trial)
  if (!metric || people === 0) return nobody()
  if (trial.mismatch?.is_one) return uneven(trial.mismatch.p_value)
  const compared = comparisonsOf(trial, metric.name)
  if (compared.length === 0) return alone(trial)
  const told = compared.filter((each): each is Comparison & { difference: Estimated } => each.difference.status === 'estimated')
  if (told.length === 0) return early(trial, compared[0]!, metric, now)
  const sure = told.filter((each) => isSure(each, trial))
  if (sure.length === 0) return unclear(trial, told, metric, now)
  const better = sure.filter((each) => each.difference.value > 0).toSorted((one, other) => other.difference.value - one.difference.value)
  return better.length > 0 ? works(trial, better, metric) : harms(trial, sure, metric)
}

/** Whether chance does not explain it, considering how many are compared. */
export const isSure = (each: Comparison, trial: Trial): boolean =>
  trial.reading === 'bayesian' ? each.better !== null && (each.better >= SURE || each.better <= 1 - SURE) : each.is_sure

const nobody = (): Verdict => ({
  tone: 'plain',
  chip: t('Nobody yet'),
  title: t('Nobody takes part yet'),
  means: t('As soon as somebody does, they are counted here; nothing needs to be set up.'),
  todo: t('Check that it runs, and that people come to where it stands.'),
  still: '',
  winner: null,
})

const uneven = (p: number): Verdict => ({
  tone: 'bad',
  chip: t('Do not trust'),
  title: t('People are not divided as was designed'),
  means: t('Chance alone divides them so unevenly less than once in a thousand times (p = {{p}}). Whoever is missing is missing for a reason, so no difference can be believed.', {
    p: p < 1e-4 ? p.toExponential(0) : decimal(p, 4),
  }),
  todo: t('Look for what loses people in one variant: a redirect, an error, a filter behind it. Then begin again under another id.'),
  still: '',
  winner: null,
})

function alone(trial: Trial): Verdict {
  const [only] = trial.variants
  return {
    tone: 'plain',
    chip: t('Nothing to compare'),
    title: t('There is nothing to compare with'),
    means: t('All who take part got “{{variant}}”.', { variant: variantName(only?.variant ?? '') }),
    todo: t('Give a share of people another variant, or hold a share of them out.'),
    still: '',
    winner: null,
  }
}

const early = (trial: Trial, first: Comparison, metric: Metric, now: Date): Verdict => ({
  tone: 'plain',
  chip: t('Too early to say'),
  title: t('Too early to say'),
  means: first.difference.status === 'inconclusive' ? sentence(first.difference.reason) : '',
  todo: t('Leave it alone until it can be read. Looking does no harm.'),
  still: waits(trial, metric, now),
  winner: null,
})

function unclear(trial: Trial, told: (Comparison & { difference: Estimated })[], metric: Metric, now: Date): Verdict {
  const widest = told.toSorted((one, other) => Math.abs(other.difference.value) - Math.abs(one.difference.value))[0]!
  const apart = widest.difference.low > 0 || widest.difference.high < 0
  const full = trial.planned_people !== null && trial.look !== null && trial.look === trial.looks
  const said = {
    variant: variantName(widest.variant),
    base: variantName(widest.base),
    difference: change(widest.difference.value, metric, trial.currency),
    metric: metricPhrase(metric),
    between: between(widest.difference, metric, trial.currency),
    confidence: percent(trial.confidence, 0),
  }
  return {
    tone: 'plain',
    chip: full ? t('No difference found') : t('May be chance'),
    title: full ? t('No difference was found') : t('No difference is shown yet'),
    means: apart
      ? t('{{variant}} against {{base}}: {{difference}} in {{metric}} would hardly be chance by itself ({{between}}, at {{confidence}} confidence); with several compared, it may be.', said)
      : t('{{variant}} against {{base}}: {{difference}} in {{metric}} may be chance. What is really there lies from {{between}}, at {{confidence}} confidence.', said),
    todo: full
      ? t('All planned people are in. If there is a difference, it is smaller than what was planned for: keep what costs less.')
      : t('Keep it running, and do not take this for “no difference”: the interval still holds differences that would matter.'),
    still: full ? '' : stillNeeded(trial, widest, now),
    winner: null,
  }
}

function works(trial: Trial, better: (Comparison & { difference: Estimated })[], metric: Metric): Verdict {
  const best = better[0]!
  const harmed = broken(trial).filter((each) => each.variant === best.variant)
  const guard = harmed[0] && metricOf(trial, harmed[0].metric)
  const holdout = best.base === 'holdout'
  return {
    tone: guard ? 'warn' : 'good',
    chip: guard ? t('Works, at a price') : t('Works'),
    title: holdout ? t('It works: {{difference}} against the holdout', { difference: changed(best, metric, trial) }) : t('“{{variant}}” works: {{difference}} against “{{base}}”', { variant: best.variant, base: best.base, difference: changed(best, metric, trial) }),
    means: beyond(best, metric, trial),
    todo: guard
      ? t('Before you go on with it: “{{guardrail}}” moved the wrong way, beyond chance. Decide whether that is worth it.', { guardrail: metricName(guard) })
      : holdout
        ? t('Keep it running. A holdout costs what it would have brought: make it smaller if you know enough.')
        : better.length > 1
          ? t('Declare “{{variant}}” the winner. Others are better than “{{base}}” too; whether they differ among themselves is another question.', { variant: best.variant, base: best.base })
          : t('Declare “{{variant}}” the winner and give it to everybody.', { variant: best.variant }),
    still: '',
    winner: guard || holdout ? null : best.variant,
  }
}

function harms(trial: Trial, sure: (Comparison & { difference: Estimated })[], metric: Metric): Verdict {
  const worst = sure.toSorted((one, other) => one.difference.value - other.difference.value)[0]!
  const holdout = worst.base === 'holdout'
  return {
    tone: 'bad',
    chip: t('Does harm'),
    title: holdout ? t('It does harm: {{difference}} against the holdout', { difference: changed(worst, metric, trial) }) : t('“{{variant}}” does harm: {{difference}} against “{{base}}”', { variant: worst.variant, base: worst.base, difference: changed(worst, metric, trial) }),
    means: beyond(worst, metric, trial),
    todo: holdout ? t('Pause it, and look at what it says and when.') : t('Stop giving it to people: set its share to 0, or declare “{{base}}” the winner.', { base: worst.base }),
    still: '',
    winner: !holdout && trial.variants.length === 2 ? worst.base : null,
  }
}

const changed = (each: Comparison & { difference: Estimated }, metric: Metric, trial: Trial): string =>
  each.ratio.status === 'estimated'
    ? t('{{difference}} ({{ratio}})', { difference: change(each.difference.value, metric, trial.currency), ratio: more(each.ratio.value) })
    : change(each.difference.value, metric, trial.currency)

function beyond(each: Comparison & { difference: Estimated }, metric: Metric, trial: Trial): string {
  const said = { metric: metricPhrase(metric), between: between(each.difference, metric, trial.currency), confidence: percent(trial.confidence, 0) }
  if (trial.reading === 'bayesian') return t('In {{metric}} what is really there lies from {{between}} with a probability of {{confidence}}.', said)
  return t('In {{metric}} what is really there lies from {{between}}, at {{confidence}} confidence. Chance alone does not explain it.', said)
}

/** When there will be something to read: when the time of the first people is over, or the first look is complete. */
function waits(trial: Trial, metric: Metric, now: Date): string {
  const first = trial.first_assigned ? new Date(trial.first_assigned).getTime() : null
  if (first === null) return ''
  const left = first + metric.within_seconds * 1000 - now.getTime()
  if (left > 0) return t('The time of the first person is over in {{time}}: people count once they have had {{window}}.', { time: duration(left / 1000), window: duration(metric.within_seconds) })
  return planned(trial, closed(trial, metric), now)
}

const closed = (trial: Trial, metric: Metric): number => trial.variants.reduce((sum, { figures }) => sum + (figures[metric.name]?.people ?? 0), 0)

function stillNeeded(trial: Trial, each: Comparison & { difference: Estimated }, now: Date): string {
  if (trial.planned_people !== null) return planned(trial, each.people, now)
  const { value, low, high } = each.difference
  const half = (high - low) / 2
  const pace = peopleADay(trial, now)
  if (value === 0 || pace === 0) return ''
  const days = Math.ceil((each.people * ((half / value) ** 2 - 1)) / pace)
  if (days <= 0) return ''
  if (days > DAYS_MOST) return t('If the difference is as small as it looks, more than a year at the pace people come. The planner says what can be found sooner.')
  return counted(days, 'If the difference is as large as it looks, about {{count}} more day at the pace people come.', 'If the difference is as large as it looks, about {{count}} more days at the pace people come.')
}

function planned(trial: Trial, in_: number, now: Date): string {
  const left = (trial.planned_people ?? 0) - in_
  const pace = peopleADay(trial, now)
  if (left <= 0 || pace === 0) return ''
  const days = Math.ceil(left / pace)
  return counted(left, '{{count}} of the planned people is still to come through, in about {{days}} days at the pace so far.', '{{count}} of the planned people are still to come through, in about {{days}} days at the pace so far.', { days })
}

/** How many people a day take part, since the first did; 0 within the first hours. */
export function peopleADay(trial: Trial, now: Date): number {
  if (!trial.first_assigned) return 0
  const days = (Math.min(now.getTime(), new Date(trial.as_of).getTime()) - new Date(trial.first_assigned).getTime()) / DAY_MS
  return days < 0.25 ? 0 : peopleIn(trial) / days
}

/** A reason of the server's as a sentence. */
export function sentence(reason: string): string {
  const said = told(reason)
  return said && `${said.charAt(0).toUpperCase()}${said.slice(1)}${/[.!?]$/.test(said) ? '' : '.'}`
}
