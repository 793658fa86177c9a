import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Hourglass, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { delivery } from '~/api/queries'
import { waiting } from '~/api/teamwork'
import type { Overview } from '~/api/types'
import { channelName } from '~/words/happenings'
import { counted, LOCALE, t } from '~/words/language'
import { clockSeconds } from '~/words/moments'
import styles from './Strips.module.css'

/** Fewer than this are on their way at any moment. */
const BEHIND_LEAST = 200
const and = new Intl.ListFormat(LOCALE)

interface Matter {
  key: string
  icon: 'wrong' | 'waits'
  what: string
  more: string
  link?: ReactNode
}

/** What waits for a person's decision. Nothing at all when nothing does. */
export function Attention({ data }: { data: Overview }) {
  const { data: lanes } = useQuery({ ...delivery, refetchInterval: 15_000 })
  const asked = useQuery(waiting).data?.waiting ?? 0
  const bad = data.errors_open
  const doubt = data.sends.in_doubt ?? 0
  const behind = (data.backlog ?? 0) >= BEHIND_LEAST && !data.loading ? (data.backlog ?? 0) : 0
  const resting = (lanes?.providers ?? []).filter(({ breaker }) => breaker === 'open')
  const again = resting.map(({ opens_at }) => opens_at).filter((at) => at !== null).sort()[0]
  const matters: (Matter | false)[] = [
    resting.length > 0 && {
      key: 'resting',
      icon: 'wrong',
      what: t('Nothing goes out by {{channels}}: the provider fails.', { channels: and.format(resting.map(({ channel }) => channelName(channel))) }),
      more: again ? t('It is left alone, and tried again at {{time}}. Messages wait.', { time: clockSeconds(again) }) : t('It is left alone for now. Messages wait.'),
      link: (
        <Link to="/delivery" className="link">
          {t('Look at delivery')}
        </Link>
      ),
    },
    ...data.held.map(
      ({ kind, id, name, run, people }): Matter => ({
        key: `held ${run}`,
        icon: 'waits',
        what: counted(people, '“{{name}}” waits for your word: {{count}} person is in its audience, more than was allowed.', '“{{name}}” waits for your word: {{count}} people are in its audience, more than was allowed.', { name }),
        more: t('Nobody is contacted before.'),
        link: (
          <Link to={kind === 'campaign' ? '/campaigns/$id' : '/journeys/$id'} params={{ id }} className="link">
            {t('Look at it')}
          </Link>
        ),
      }),
    ),
    asked > 0 && {
      key: 'asked',
      icon: 'waits',
      what: counted(asked, '{{count}} change waits for a second person.', '{{count}} changes wait for a second person.'),
      more: t('Nobody is contacted before.'),
      link: (
        <Link to="/approvals" className="link">
          {t('Look at approvals')}
        </Link>
      ),
    },
    bad > 0 && {
      key: 'bad',
      icon: 'wrong',
      what: counted(bad, '{{count}} bad record set aside.', '{{count}} bad records set aside.'),
      more: t('Nothing was lost: mend and replay.'),
      link: (
        <Link to="/data" search={{ tab: 'records' }} className="link">
          {t('Look at bad records')}
        </Link>
      ),
    },
    behind > 0 && {
      key: 'behind',
      icon: 'waits',
      what: counted(behind, '{{count}} request still on the way.', '{{count}} requests still on the way.'),
      more: t('They are safe on disk; the numbers here catch up with them.'),
    },
    doubt > 0 && {
      key: 'doubt',
      icon: 'wrong',
      what: counted(doubt, '{{count}} send in doubt.', '{{count}} sends in doubt.'),
      more: counted(doubt, 'The provider never answered, so it is not sent again by guess.', 'The provider never answered, so they are not sent again by guess.'),
      link: (
        <Link to="/delivery" search={{ tab: 'dead' }} className="link">
          {t('Look at dead letters')}
        </Link>
      ),
    },
  ]
  const shown = matters.filter((each) => each !== false)
  if (shown.length === 0) return null
  return (
    <ul className={styles.attention} aria-label={t('Needs attention')}>
      {shown.map(({ key, icon, what, more, link }) => (
        <li key={key}>
          {icon === 'wrong' ? <TriangleAlert size={15} aria-hidden="true" /> : <Hourglass size={15} aria-hidden="true" />}
          <p>
            <strong>{what}</strong> {more}
          </p>
          {link}
        </li>
      ))}
    </ul>
  )
}
