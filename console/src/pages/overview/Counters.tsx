import type { Overview } from '~/api/types'
import { EasedNumber } from '~/parts/EasedNumber'
import { type Kpi, KpiStrip } from '~/parts/KpiStrip'
import { count } from '~/words/numbers'
import { Change } from './Change'

const TREND_DAYS = 30

export function Counters({ data }: { data: Overview }) {
  // The last bucket is today and not over: a trend that ends in it would always fall.
  const whole = data.activity.slice(0, -1)
  const recent = whole.slice(-TREND_DAYS)
  const { sent = 0, withheld = 0, pending = 0, claimed = 0, failed = 0 } = data.sends
  const kpis: Kpi[] = [
    {
      label: 'Active people, 24 h',
      value: <EasedNumber value={data.active_people_24h} />,
      note: <Change days={whole} of="people" />,
      trend: recent.map((day) => day.people),
    },
    {
      label: 'Events',
      value: <EasedNumber value={data.events} />,
      note: <Change days={whole} of="events" />,
      trend: recent.map((day) => day.events),
    },
    {
      label: 'People',
      value: <EasedNumber value={data.people} />,
      note: `${count(data.events_per_minute)} events a minute`,
    },
    {
      label: 'Messages sent',
      value: <EasedNumber value={sent} />,
      note: `${count(withheld)} withheld · ${count(pending + claimed)} waiting · ${count(failed)} failed`,
    },
  ]
  return <KpiStrip kpis={kpis} />
}
