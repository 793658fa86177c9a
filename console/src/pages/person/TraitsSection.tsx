import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { Pencil, Plus } from 'lucide-react'
import { useState } from 'react'
import { useMay } from '~/api/may'
import type { Person } from '~/api/types'
import { Breakable } from '~/parts/Breakable'
import { Ago } from '~/parts/Moment'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import { readable, shown } from '~/words/people'
import styles from './PersonPage.module.css'
import { TraitDialog } from './TraitDialog'

const FEW = 9
/** The rest of a longer value is in the dialog that changes it. */
const LETTERS_MOST = 300

/** What is known of them. Whoever may write people sets traits, changes them and takes them away. */
export function TraitsSection({ id, person }: { id: string; person: Person }) {
  const allowed = useMay()('people:write')
  const [all, setAll] = useState(false)
  const [edited, setEdited] = useState<string | null>(null)
  const traits = Object.entries(person.traits).sort(([a], [b]) => a.localeCompare(b))
  const events = Object.values(person.event_counts).reduce((total, times) => total + times, 0)
  return (
    <section className={styles.section} aria-label={t('Facts and traits')}>
      <dl className={styles.facts}>
        <div>
          <dt>{t('Last seen')}</dt>
          <dd>
            <Ago at={person.last_seen} />
          </dd>
        </div>
        <div>
          <dt>{t('Events')}</dt>
          <dd>{count(events)}</dd>
        </div>
        {(all ? traits : traits.slice(0, FEW)).map(([name, value]) => (
          <div key={name} className={styles.trait}>
            <dt title={name.slice(0, LETTERS_MOST)} className="cut">
              <bdi>{readable(name)}</bdi>
            </dt>
            <dd>
              <bdi>
                <Breakable>{short(shown(value))}</Breakable>
              </bdi>
              {allowed && !name.startsWith('list/') && (
                <Tooltip label={t('Change {{name}}', { name: readable(name).slice(0, 60) })}>
                  <ActionIcon className={styles.edit} aria-label={t('Change {{name}}', { name: readable(name).slice(0, 60) })} onClick={() => setEdited(name)}>
                    <Pencil size={13} />
                  </ActionIcon>
                </Tooltip>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <div className={styles.below}>
        {traits.length > FEW && (
          <Button variant="subtle" onClick={() => setAll(!all)} aria-expanded={all}>
            {all ? t('Show fewer traits') : t('Show all {{number}} traits', { number: traits.length })}
          </Button>
        )}
        {allowed && (
          <Button variant="subtle" leftSection={<Plus size={13} />} onClick={() => setEdited('')}>
            {t('Add a trait')}
          </Button>
        )}
      </div>
      {edited !== null && <TraitDialog id={id} person={person} name={edited} close={() => setEdited(null)} />}
    </section>
  )
}

const short = (text: string) => (text.length > LETTERS_MOST ? `${text.slice(0, LETTERS_MOST)}…` : text)
