import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import type { Roles } from '~/parts/charts/roles'
import { Section } from '~/parts/Page'
import { Answered, Waiting } from '~/parts/States'
import { t } from '~/words/language'
import { clock, shortDay } from '~/words/moments'
import { compact, count, NONE, signed } from '~/words/numbers'
import { money } from '~/words/money'
import { between, change, metricInTime, variantName } from './amounts'
import styles from './Experiments.module.css'
import { bandsOption, countsOption, roleOf } from './pictures'
import { PictureCard } from './PictureCard'
import { type Course, course, type How, type Metric, type Trial } from './trials'

const HEIGHT = 230

interface Props {
  id: string
  trial: Trial
  metrics: Metric[]
  how: How
  chosen: string | undefined
  choose: (metric: string | undefined) => void
}

/** How the estimate and the people came to be what they are. */
export function CourseCards({ id, trial, metrics, how, chosen, choose }: Props) {
  const metric = metrics.find(({ name }) => name === chosen) ?? metrics[0]
  const query = useQuery({ ...course(id, metric?.name ?? '', how), enabled: metric !== undefined })
  if (!metric) return null
  return (
    <Section title={t('Over time')} note={t('Each point is what was to be read then: of what had happened and had reached us')}>
      <div className={styles.tools}>
        <Select
          aria-label={t('Metric shown over time')}
          w={300}
          data={metrics.map((one) => ({ value: one.name, label: metricInTime(one) }))}
          value={metric.name}
          onChange={(name) => choose(name === metrics[0]?.name ? undefined : (name ?? undefined))}
        />
      </div>
      <Answered query={query} what={t('The course of the trial did not load')} waiting={<Waiting rows={1} height={280} />}>
        {(told) => (
          <div className={styles.pictures} aria-busy={query.isPlaceholderData}>
            <Effects told={told} metric={metric} trial={trial} />
            <People told={told} />
          </div>
        )}
      </Answered>
    </Section>
  )
}

const acrossOf = (told: Course) => {
  const now = new Date()
  return told.points.map(({ at }) => ({ short: shortDay(at, now), full: `${shortDay(at, now)}, ${clock(at)}` }))
}

const shortOf = (metric: Metric, currency: string) => (value: number) =>
  metric.measure === 'did' ? signed(value * 100) : metric.is_money ? money(Math.round(value), currency, true) : signed(value, 2)

function Effects({ told, metric, trial }: { told: Course; metric: Metric; trial: Trial }) {
  const across = useMemo(() => acrossOf(told), [told])
  const variants = useMemo(() => [...new Set(told.points.flatMap(({ comparisons }) => comparisons.map(({ variant }) => variant)))], [told])
  const found = (variant: string, i: number) => told.points[i]?.comparisons.find((each) => each.variant === variant)?.difference
  const option = useCallback(
    (roles: Roles, width: number) =>
      bandsOption(
        {
          across,
          series: variants.map((variant, i) => ({
            name: variantName(variant),
            role: roleOf(i),
            points: told.points.map(({ comparisons }) => {
              const one = comparisons.find((each) => each.variant === variant)?.difference
              return one?.status === 'estimated' ? one : null
            }),
          })),
          write: (value) => change(value, metric, trial.currency),
          writeShort: shortOf(metric, trial.currency),
          interval: (low, high) => t('{{low}} to {{high}}', { low, high }),
        },
        roles,
        width,
        HEIGHT,
      ),
    [across, variants, told, metric, trial.currency],
  )
  const base = variantName(told.base ?? '')
  const last = variants.map((variant) => {
    const one = found(variant, told.points.length - 1)
    return one?.status === 'estimated'
      ? `${variantName(variant)} ${change(one.value, metric, trial.currency)} (${between(one, metric, trial.currency)})`
      : `${variantName(variant)}: ${t('too early to say')}`
  })
  const rows = [
    [t('As of'), ...variants.map((variant) => variantName(variant))],
    ...told.points.map((_, i) => [
      across[i]!.full,
      ...variants.map((variant) => {
        const one = found(variant, i)
        return one?.status === 'estimated' ? `${change(one.value, metric, trial.currency)} (${between(one, metric, trial.currency)})` : NONE
      }),
    ]),
  ]
  return (
    <PictureCard
      title={t('How did the difference from {{base}} settle?', { base })}
      note={t('{{metric}}; the band is the interval at that moment, the dashed line no difference', { metric: metricInTime(metric) })}
      label={t('Difference over time. Now: {{now}}.', { now: last.join('; ') })}
      option={option}
      rows={rows}
      height={HEIGHT}
    />
  )
}

function People({ told }: { told: Course }) {
  const across = useMemo(() => acrossOf(told), [told])
  const variants = useMemo(() => told.points.at(-1)?.variants.map(({ variant }) => variant) ?? [], [told])
  const others = useMemo(() => variants.filter((variant) => variant !== told.base), [variants, told])
  const option = useCallback(
    (roles: Roles, width: number) =>
      countsOption(
        {
          across,
          series: variants.map((variant) => ({
            name: variantName(variant),
            // The colours of the picture beside it, which has no line for the base.
            role: variant === told.base ? 'c-mute' : roleOf(others.indexOf(variant)),
            values: told.points.map((point) => point.variants.find((each) => each.variant === variant)?.people ?? 0),
          })),
          write: count,
          writeShort: compact,
        },
        roles,
        width,
        HEIGHT,
      ),
    [across, variants, others, told],
  )
  const at = (i: number, variant: string) => told.points[i]?.variants.find((each) => each.variant === variant)
  const rows = [
    [t('As of'), ...variants.flatMap((variant) => [variantName(variant), t('{{variant}}, got something', { variant: variantName(variant) })])],
    ...told.points.map((_, i) => [across[i]!.full, ...variants.flatMap((variant) => [count(at(i, variant)?.people ?? 0), count(at(i, variant)?.exposed ?? 0)])]),
  ]
  const now = variants.map((variant) => `${variantName(variant)} ${count(at(told.points.length - 1, variant)?.people)}`).join(', ')
  return <PictureCard title={t('How many people took part?')} note={t('Everybody assigned until then')} label={t('People over time. Now: {{now}}.', { now })} option={option} rows={rows} height={HEIGHT} />
}
