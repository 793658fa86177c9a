import { Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { address, remove } from '~/api/client'
import { presence } from '~/api/teamwork'
import { PersonMark } from '~/parts/PersonMark'
import { t } from '~/words/language'
import { clock } from '~/words/moments'
import styles from './Teamwork.module.css'

const SHOWN = 4

/** Who else has this open. As long as it is on the page, the others see the reader too. */
export function PresenceAvatars({ about }: { about: string }) {
  const { data } = useQuery(presence(about))
  useEffect(
    () => () => {
      // When this does not get through, the server forgets us soon anyway.
      void remove(address('/api/presence', { about })).catch(() => {})
    },
    [about],
  )
  const others = data?.others ?? []
  if (others.length === 0) return null
  return (
    <span className={styles.faces} role="group" aria-label={t('Here now')}>
      {others.slice(0, SHOWN).map(({ name, email, since }) => (
        <Tooltip key={email} label={t('{{name}} has this open too, since {{time}}', { name: name || email, time: clock(since) })}>
          <button type="button" className={styles.face}>
            <PersonMark name={name || email} size={24} />
            <span className="unseen">{t('{{name}} has this open too, since {{time}}', { name: name || email, time: clock(since) })}</span>
          </button>
        </Tooltip>
      ))}
      {others.length > SHOWN && <span className="faint">+{others.length - SHOWN}</span>}
    </span>
  )
}
