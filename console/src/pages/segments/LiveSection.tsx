import { Switch } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { put, Refusal, route } from '~/api/client'
import { useMay } from '~/api/may'
import { liveMembers } from '~/api/queries'
import type { LiveMembers, SavedSegment } from '~/api/types'
import { EasedNumber } from '~/parts/EasedNumber'
import { clock, shortDay } from '~/words/moments'
import { percent } from '~/words/numbers'
import { t } from '~/words/language'
import styles from './SegmentBuilder.module.css'

/** Whether who is in it is known at every moment; and then how many are, and since when. */
export function LiveSection({ saved }: { saved: SavedSegment }) {
  const client = useQueryClient()
  const may = useMay()
  const live = saved.live === true
  const change = useMutation({
    mutationFn: (wanted: boolean) => put(route`/api/segments/${saved.id}`, { name: saved.name, definition: saved.definition, live: wanted }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['segments'] })
      await client.invalidateQueries({ queryKey: liveMembers(saved.id).queryKey })
    },
  })
  return (
    <div className={styles.live}>
      <Switch
        label={t('Keep it live')}
        description={t('Who comes in and goes out is known at once, and can start journeys')}
        checked={live}
        disabled={change.isPending || !may('analyses:write')}
        onChange={(event) => change.mutate(event.currentTarget.checked)}
      />
      {change.isError && (
        <p className={styles.problem} role="alert">
          {t('Not changed.')} {change.error.message} {change.error instanceof Refusal ? change.error.hint : ''}
        </p>
      )}
      {live && may('people:read') && <Members id={saved.id} />}
    </div>
  )
}

function Members({ id }: { id: string }) {
  const { data, isError, error } = useQuery(liveMembers(id))
  if (isError && !data) return <p role="alert">{t('Who is in it did not load.')} {error.message}</p>
  if (!data) return null
  return (
    <>
      <p>
        <b>
          <EasedNumber value={data.size} />
        </b>{' '}
        {data.size === 1
          ? t('person is in it as saved, live since {{moment}}', { moment: moment(data.live_since) })
          : t('people are in it as saved, live since {{moment}}', { moment: moment(data.live_since) })}
        {data.filled < 1 && <span role="status">; {t('{{share}} of those who were there before are looked at', { share: percent(data.filled, 0) })}</span>}
      </p>
      {data.members.length > 0 && <Since members={data.members} />}
    </>
  )
}

function Since({ members }: { members: LiveMembers['members'] }) {
  return (
    <ul className={styles.members} aria-label={t('Some of those in it')}>
      {members.map((member) => (
        <li key={member.person}>
          <Link className="link cut" to="/people/$id" params={{ id: member.user_id }}>
            {member.user_id}
          </Link>
          <span className="quiet">
            {t('since {{moment}}', { moment: moment(member.since) })}
          </span>
        </li>
      ))}
    </ul>
  )
}

const moment = (at: string) => `${shortDay(at, new Date())}, ${clock(at)}`
