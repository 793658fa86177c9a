import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { delivery, overview } from '~/api/queries'
import { health } from '~/api/settings'
import { Chip } from '~/parts/Chip'
import { Answered } from '~/parts/States'
import { counted, t } from '~/words/language'
import { bytes, count } from '~/words/numbers'
import { QuestionsSection } from './QuestionsSection'
import styles from './Settings.module.css'

const FREE_LEAST = 2_000_000_000
const BACKLOG_MOST = 10_000

const PLACES: Record<string, () => string> = { state: () => t('State'), log: () => t('Log of events'), history: () => t('History') }

/** How the server stands, in plain words. */
export function HealthTab() {
  const query = useQuery(health)
  const bad = useQuery(overview).data?.errors_open ?? 0
  const stands = useQuery(delivery).data
  return (
    <Answered query={query} what={t('The server did not say how it stands')}>
      {(found) => {
        const full = found.free_bytes < FREE_LEAST
        const behind = found.log_backlog > BACKLOG_MOST
        return (
          <div className={styles.wide}>
            <dl className={styles.facts}>
              <Fact name={t('Server')}>
                <Chip tone="good" dot>
                  {t('answers')}
                </Chip>{' '}
                {t('Holdfast {{version}}', { version: found.version })}
              </Fact>
              {found.places.map(({ what, how }) => (
                <Fact key={what} name={PLACES[what]?.() ?? what}>
                  {how === 'file' ? t('in the data directory of this machine; one process has it open') : t('on a server of its own')}
                </Fact>
              ))}
              <Fact name={t('Taking in')}>
                <Chip tone={behind ? 'warn' : 'good'} dot>
                  {behind ? t('behind') : t('up to date')}
                </Chip>{' '}
                {found.log_backlog === 0 ? t('Everything that came is taken in.') : counted(found.log_backlog, '{{count}} request waits to be taken in.', '{{count}} requests wait to be taken in.')}{' '}
                {t('The log takes up {{size}}.', { size: bytes(found.log_bytes) })}
              </Fact>
              <Fact name={t('Disk')}>
                <Chip tone={full ? 'bad' : 'good'} dot>
                  {full ? t('nearly full') : t('room enough')}
                </Chip>{' '}
                {t('{{free}} free.', { free: bytes(found.free_bytes) })} {found.data_bytes !== null && t('{{size}} are used by the data directory.', { size: bytes(found.data_bytes) })}
              </Fact>
              <Fact name={t('Mail')}>
                {found.sends_by === 'mailbox' ? t('Mail that no connection carries is kept in the built-in mailbox, and goes to nobody.') : t('Mail that no connection carries goes out by the SMTP relay of the settings.')}{' '}
                <Link to="/channels" className="link">
                  {t('Channels')}
                </Link>
              </Fact>
              <Fact name={t('Delivery')}>
                {stands?.providers.some(({ breaker }) => breaker !== 'closed') ? (
                  <Chip tone="warn" dot>
                    {t('a provider does not answer')}
                  </Chip>
                ) : (
                  <Chip tone="good" dot>
                    {t('every provider answers')}
                  </Chip>
                )}{' '}
                <Link to="/delivery" className="link">
                  {t('Delivery')}
                </Link>
              </Fact>
              <Fact name={t('Bad records')}>
                {bad === 0 ? t('none') : count(bad)}{' '}
                <Link to="/data" className="link">
                  {t('Data')}
                </Link>
              </Fact>
            </dl>
            <QuestionsSection />
          </div>
        )
      }}
    </Answered>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
