import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleHelp } from 'lucide-react'
import { useState } from 'react'
import { segmentsOf, whyIn } from '~/api/people'
import type { Shape } from '~/api/shape'
import { Chip } from '~/parts/Chip'
import { Answered, Waiting } from '~/parts/States'
import { counted, t } from '~/words/language'
import { clock, shortDay } from '~/words/moments'
import { shown } from '~/words/people'
import { toldGroup } from '~/words/toldGroups'
import styles from './PersonPage.module.css'

/** The saved segments they are in, with why; and on demand those they are not in. */
export function SegmentsSection({ id }: { id: string }) {
  const query = useQuery(segmentsOf(id))
  const [all, setAll] = useState(false)
  return (
    <section className={styles.section}>
      <h2>{t('Segments')}</h2>
      <Answered query={query} what={t('Their segments did not load')} waiting={<Waiting rows={2} height={32} />}>
        {(segments) => {
          const inside = segments.filter((each) => each.truth === 'true')
          const rest = segments.length - inside.length
          if (segments.length === 0) return <p className="quiet">{t('No segment is saved yet.')}</p>
          return (
            <>
              {inside.length === 0 && !all && <p className="quiet">{t('They are in none of the saved segments.')}</p>}
              <ul className={styles.segments}>
                {(all ? segments : inside).map((each) => (
                  <SegmentLine key={each.id} id={id} segment={each} />
                ))}
              </ul>
              {rest > 0 && (
                <Button variant="subtle" className={styles.more} aria-expanded={all} onClick={() => setAll(!all)}>
                  {all ? t('Only those they are in') : counted(rest, 'And {{count}} they are not in', 'And {{count}} they are not in')}
                </Button>
              )}
            </>
          )
        }}
      </Answered>
    </section>
  )
}

const TRUTHS = () => ({ true: t('in it'), false: t('not in it'), unknown: t('cannot be told') })

function SegmentLine({ id, segment }: { id: string; segment: Shape<'MembershipShape'> }) {
  const [open, setOpen] = useState(false)
  return (
    <li>
      <div className={styles.segment}>
        <Link to="/segments/$id" params={{ id: segment.id }} className="link cut">
          <bdi>{segment.name}</bdi>
        </Link>
        {segment.truth !== 'true' && <Chip>{TRUTHS()[segment.truth]}</Chip>}
        <Tooltip label={t('Why')}>
          <ActionIcon aria-label={t('Why: {{segment}}', { segment: segment.name })} aria-expanded={open} onClick={() => setOpen(!open)}>
            <CircleHelp size={14} />
          </ActionIcon>
        </Tooltip>
      </div>
      {open && <Why id={id} segment={segment.id} />}
    </li>
  )
}

/** Condition by condition, with the traits and events that decide. */
function Why({ id, segment }: { id: string; segment: string }) {
  const query = useQuery(whyIn(segment, id))
  const marks = { true: t('true'), false: t('false'), unknown: t('unknown') }
  return (
    <Answered query={query} what={t('Not explained')} waiting={<Waiting rows={2} height={28} />}>
      {(conditions) => (
        <ul className={styles.why}>
          {conditions.map((each) => (
            <li key={each.path} data-truth={each.truth}>
              <b>{marks[each.truth]}</b> {toldGroup(each.words.replace(/\*\*/g, ''))}
              {Object.entries(each.traits).map(([name, value]) => (
                <span key={name} className="quiet">
                  {' '}
                  · <bdi>{`${name}: ${shown(value as never).slice(0, 80)}`}</bdi>
                </span>
              ))}
              {each.events.slice(0, 3).map(({ event, timestamp }, i) => (
                <span key={i} className="quiet">
                  {' '}
                  · {event}, {shortDay(timestamp, new Date())} {clock(timestamp)}
                </span>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Answered>
  )
}
