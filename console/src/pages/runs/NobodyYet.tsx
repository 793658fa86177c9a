import { useQuery } from '@tanstack/react-query'
import { coming, occasions } from '~/api/queries'
import type { Run } from '~/api/types'
import { TreeDrawing } from '~/parts/Drawings'
import { Empty } from '~/parts/States'
import { counted, t } from '~/words/language'
import { wall } from '~/words/moments'
import { comesInRuns, stepDefinition } from './graph'

/** What has to happen for the first person to enter. */
export function NobodyYet({ run }: { run: Run }) {
  const trigger = run.steps.find(({ type }) => type in WAITS_FOR)
  const { data: next } = useQuery({ ...coming(run.kind, run.id), enabled: trigger !== undefined })
  const { data: begun } = useQuery({ ...occasions(run.kind, run.id), enabled: comesInRuns(run) })
  const ahead = next?.find((each) => !begun?.some(({ key }) => key === each.wall))
  const fields = trigger ? stepDefinition(run, trigger) : {}
  const words = (name: string) => (typeof fields[name] === 'string' ? (fields[name] as string) : '')
  const waitsFor = () => {
    if (run.state !== 'live') return t('Nobody enters while it does not run.')
    if (begun?.some(({ state }) => state === 'held')) return t('A run waits until somebody confirms it.')
    if (run.waiting > 0) return counted(run.waiting, '{{count}} person waits for their hour.', '{{count}} people wait for their hour.')
    if (ahead && trigger?.type !== 'date_trait') return t('It next lets people in on {{moment}}.', { moment: wall(ahead.wall) })
    return WAITS_FOR[trigger?.type ?? '']?.(words) ?? t('The first people have to enter.')
  }
  return (
    <Empty title={t('Nobody entered yet')} drawing={<TreeDrawing />}>
      {waitsFor()} {t('Results show here as they come.')}
    </Empty>
  )
}

const NO_DATE = () => t('None of its dates is still to come.')

const WAITS_FOR: Record<string, (field: (name: string) => string) => string> = {
  trigger: (field) => t('It waits for somebody to do “{{event}}”.', { event: field('event') }),
  dates: NO_DATE,
  recurring: NO_DATE,
  date_trait: (field) => t('It waits for the day in somebody’s trait {{trait}}.', { trait: field('date_trait') }),
  segment_change: (field) => t(field('change') === 'left' ? 'It waits for somebody to leave the segment “{{segment}}”.' : 'It waits for somebody to come into the segment “{{segment}}”.', { segment: field('segment') }),
  business_event: (field) => t('It waits for “{{event}}” to happen.', { event: field('event') }),
  api: () => t('It waits for a program to call it.'),
}
