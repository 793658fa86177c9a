import { useCallback, useMemo } from 'react'
import type { Roles } from '~/parts/charts/roles'
import { t } from '~/words/language'
import { clock, shortDay } from '~/words/moments'
import { percent } from '~/words/numbers'
import { roleOf, sharesOption } from './pictures'
import { PictureCard } from './PictureCard'
import type { Paths } from './trials'

const HEIGHT = 250

/** How people were divided, from the first weighing until now. */
export function SharesCard({ step }: { step: Paths }) {
  const told = useMemo(() => timesOf(step), [step])
  const names = useMemo(() => step.paths.map(({ path }) => path), [step])
  const option = useCallback(
    (roles: Roles, width: number) =>
      sharesOption(
        {
          across: told,
          series: names.map((name, i) => ({ name, role: roleOf(i), values: told.map(({ shares }) => shares[name] ?? 0) })),
          write: (value) => percent(value),
          writeShort: (value) => percent(value, 0),
        },
        roles,
        width,
        HEIGHT,
      ),
    [told, names],
  )
  const now = step.paths.map(({ path, share }) => `${path} ${percent(share, 0)}`).join(', ')
  return (
    <PictureCard
      title={t('Which way are people sent?')}
      note={t('Share of the people outside the slice; each weighing holds until the next')}
      label={t('Shares of paths over time. Now: {{now}}.', { now })}
      option={option}
      rows={[[t('From'), ...names], ...told.map(({ full, shares }) => [full, ...names.map((name) => percent(shares[name] ?? 0))])]}
      height={HEIGHT}
    />
  )
}

/** Each weighing in order of time, before them the even division, after them this moment. */
function timesOf(step: Paths) {
  const now = new Date()
  const even = Object.fromEntries(step.paths.map(({ path }) => [path, 1 / step.paths.length]))
  const log = step.log.toReversed()
  const current = Object.fromEntries(step.paths.map(({ path, share }) => [path, share]))
  const at = (moment: string, shares: Record<string, number>) => ({ short: shortDay(moment, now), full: `${shortDay(moment, now)}, ${clock(moment)}`, shares })
  const first = log[0]
  const before = first && first.number === 1 ? [{ short: t('Before'), full: t('Before the first weighing'), shares: even }] : []
  const weighed = log.map((each) => at(each.at, each.shares))
  return [...before, ...weighed, at(step.as_of, current)]
}
