import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Code, type LucideIcon, Target } from 'lucide-react'
import { eventNames } from '~/api/queries'
import { TopBar } from '~/frame/TopBar'
import { Page, Section } from '~/parts/Page'
import { t } from '~/words/language'
import { NoEvents } from './NoEvents'
import styles from './Insights.module.css'
import { INSIGHTS } from './kinds'
import { SavedInsights } from './saved/SavedInsights'

/** What there is to ask, each by the question it answers. */
export function InsightsPage() {
  const { data } = useQuery(eventNames)
  return (
    <>
      <TopBar title={t('Insights')} />
      <Page>
        {data?.length === 0 ? (
          <NoEvents />
        ) : (
          <>
            <SavedInsights />
            <Section title={t('What do you want to know?')}>
              <ul className={styles.kinds}>
                {INSIGHTS.map(({ kind, icon, label, about }) => (
                  <li key={kind}>
                    {kind === 'rfm' ? (
                      <Link to="/rfm" className={styles.kind}>
                        <Kind icon={icon} label={label()} about={about()} />
                      </Link>
                    ) : (
                      <Link to="/insights/$kind" params={{ kind }} className={styles.kind}>
                        <Kind icon={icon} label={label()} about={about()} />
                      </Link>
                    )}
                  </li>
                ))}
                <li>
                  <Link to="/insights/$kind" params={{ kind: 'kpis' }} className={styles.kind}>
                    <Kind icon={Target} label={t('KPIs')} about={t('The figures you are held to, and how they stand')} />
                  </Link>
                </li>
                <li>
                  <Link to="/insights/$kind" params={{ kind: 'sql' }} className={styles.kind}>
                    <Kind icon={Code} label="SQL" about={t('Anything else, in your own words')} />
                  </Link>
                </li>
              </ul>
            </Section>
          </>
        )}
      </Page>
    </>
  )
}

function Kind({ icon: Icon, label, about }: { icon: LucideIcon; label: string; about: string }) {
  return (
    <>
      <span className={styles.tile} aria-hidden="true">
        <Icon size={16} />
      </span>
      <span>
        <b>{label}</b>
        <span className="quiet">{about}</span>
      </span>
    </>
  )
}
