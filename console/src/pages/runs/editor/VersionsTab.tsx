import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { GitCompareArrows, RotateCcw } from 'lucide-react'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { Answered, Waiting } from '~/parts/States'
import { counted, t } from '~/words/language'
import inspector from '../Inspector.module.css'
import type { Definition } from './draft'
import styles from './Editor.module.css'
import { versionDetail, versions } from './questions'

interface Props {
  id: string
  compared: number | null
  compare: (version: number | null) => void
  /** Null where nothing can be changed. */
  restore: ((definition: Definition) => void) | null
}

/** Every version there was: what is different in it, and a way back to it. */
export function VersionsTab({ id, compared, compare, restore }: Props) {
  const query = useQuery(versions(id))
  const client = useQueryClient()
  const takeUp = async (version: number) => {
    const found = await client.fetchQuery(versionDetail(id, version))
    restore?.(found.definition as Definition)
    compare(null)
  }
  return (
    <section className={inspector.section}>
      <Answered query={query} what={t('The versions did not load')} waiting={<Waiting rows={4} height={70} />}>
        {(found) => (
          <ol className={styles.versions} aria-label={t('Versions')}>
            {found.map((each, i) => (
              <li key={each.version}>
                <div className={styles.line}>
                  <b>{t('Version {{version}}', { version: each.version })}</b>
                  {i === 0 && <Chip tone="good">{t('Newest')}</Chip>}
                </div>
                <p className="quiet">
                  <Ago at={each.published_at} /> · {counted(each.people, '{{count}} person on it', '{{count}} people on it')}
                </p>
                <div className={styles.line} data-wraps>
                  <Button size="compact-xs" leftSection={<GitCompareArrows size={12} />} aria-pressed={compared === each.version} onClick={() => compare(compared === each.version ? null : each.version)}>
                    {compared === each.version ? t('Stop comparing') : t('Compare with what is written')}
                  </Button>
                  {restore && (
                    <Button size="compact-xs" leftSection={<RotateCcw size={12} />} onClick={() => void takeUp(each.version)}>
                      {t('Take it up again')}
                    </Button>
                  )}
                </div>
              </li>
            ))}
          </ol>
        )}
      </Answered>
    </section>
  )
}
