import type { Overview } from '~/api/types'
import { EasedNumber } from '~/parts/EasedNumber'
import { type Kpi, KpiStrip } from '~/parts/KpiStrip'
import { counted, t } from '~/words/language'
import { Change } from './Change'

const TREND_DAYS = 30

export function Counters({ data }: { data: Overview }) {
  // The last bucket is today and not over: a trend that ends in it would always fall.
  const whole = data.activity.slice(0, -1)
  const recent = whole.slice(-TREND_DAYS)
  const { sent = 0, withheld = 0, pending = 0, claimed = 0, failed = 0 } = data.sends
  const kpis: Kpi[] = [
    {
      label: t('Active people, 24 h'),
      value: <EasedNumber value={data.active_people_24h} />,
      note: <Change days={whole} of="people" />,
      trend: recent.map((day) => day.people),
    },
    {
      label: t('Events'),
      value: <EasedNumber value={data.events} />,
      note: <Change days={whole} of="events" />,
      trend: recent.map((day) => day.events),
    },
    {
      label: t('People'),
      value: <EasedNumber value={data.people} />,
      note: counted(data.events_per_minute, '{{count}} event a minute', '{{count}} events a minute'),
    },
    {
      label: t('Messages sent'),
      value: <EasedNumber value={sent} />,
      note: t('{{withheld}} withheld · {{waiting}} waiting · {{failed}} failed', { withheld, waiting: pending + claimed, failed }),
    },
  ]
  return <KpiStrip kpis={kpis} />
}
