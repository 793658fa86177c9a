import { useQuery } from '@tanstack/react-query'
import { coming, occasions } from '~/api/queries'
import type { Occurrence, Run } from '~/api/types'
import { Answered, Waiting } from '~/parts/States'
import { t } from '~/words/language'
import { clock, full, shortDay, wall } from '~/words/moments'
import { callStep } from './calling'
import { CallSection } from './CallSection'
import styles from './Inspector.module.css'
import { OccasionCard } from './OccasionCard'

/** The times to come, and every occasion there was with what became of people. */
export function OccasionsTab({ run }: { run: Run }) {
  const next = useQuery(coming(run.kind, run.id))
  const past = useQuery(occasions(run.kind, run.id))
  const begun = new Set(past.data?.map(({ key }) => key))
  const ahead = next.data?.filter((each) => !begun.has(each.wall)) ?? []
  return (
    <>
      {callStep(run) && <CallSection run={run} />}
      {ahead.length > 0 && (
        <section className={styles.section}>
          <h3>{t('Next')}</h3>
          <ol className={styles.next}>
            {ahead.map((each) => (
              <li key={each.wall} title={t('{{from}} to {{to}}', { from: full(each.opens), to: full(each.closes) })}>
                <b>{wall(each.wall)}</b>
                <span className="quiet">{span(each)}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
      <Answered query={past} what={t('The runs did not load')} waiting={<Waiting rows={3} height={90} />}>
        {(found) =>
          found.length > 0 ? (
            <section className={styles.section} aria-label={t('Runs')}>
              <h3>{t('Runs')}</h3>
              <ul className={styles.occasions}>
                {found.map((each) => (
                  <OccasionCard key={each.id} run={run} occasion={each} />
                ))}
              </ul>
            </section>
          ) : (
            <section className={styles.section}>
              <p className="quiet">{t('There was no run yet. Each occasion shows here with its audience, how far it is, and who did not enter for which reason.')}</p>
            </section>
          )
        }
      </Answered>
    </>
  )
}

/** Where the clock says so at once everywhere, the moment; else from the first place to the last. */
function span({ opens, closes }: Occurrence): string {
  const now = new Date()
  const said = (at: string) => `${shortDay(at, now)}, ${clock(at)}`
  return opens === closes ? t('{{moment}} here', { moment: said(opens) }) : t('Around the world from {{first}} to {{last}}', { first: said(opens), last: said(closes) })
}
