import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { GitCompareArrows, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { Ago } from '~/parts/Moment'
import { Answered, Waiting } from '~/parts/States'
import { counted, t } from '~/words/language'
import { Dialog } from '~/parts/Dialog'
import { Differences } from '../runs/editor/Differences'
import type { Definition } from '../runs/editor/draft'
import { partName } from './Composer'
import styles from './Composer.module.css'
import { journeyOf } from './meaning'
import { campaignVersion, campaignVersions } from './questions'

interface Props {
  id: string
  /** What is written now. */
  definition: Definition
  /** Null where nothing can be changed. */
  restore: ((definition: Definition) => void) | null
}

/** Every version there was: what is different in it, and a way back to it. */
export function Versions({ id, definition, restore }: Props) {
  const client = useQueryClient()
  const query = useQuery(campaignVersions(id))
  const [compared, setCompared] = useState<number | null>(null)
  const takeUp = async (version: number) => restore?.((await client.fetchQuery(campaignVersion(id, version))).definition as Definition)
  return (
    <Answered query={query} what={t('The versions did not load')} waiting={<Waiting rows={3} height={50} />}>
      {(found) => (
        <>
          <ol className={styles.versions} aria-label={t('Versions')}>
            {found.map((each) => (
              <li key={each.version}>
                <b>{t('Version {{version}}', { version: each.version })}</b>
                <span className="quiet">
                  <Ago at={each.published_at} /> · {counted(each.people, '{{count}} person on it', '{{count}} people on it')}
                </span>
                <Button size="compact-xs" leftSection={<GitCompareArrows size={12} />} onClick={() => setCompared(each.version)}>
                  {t('Compare with what is written')}
                </Button>
                {restore && (
                  <Button size="compact-xs" leftSection={<RotateCcw size={12} />} onClick={() => void takeUp(each.version)}>
                    {t('Take it up again')}
                  </Button>
                )}
              </li>
            ))}
          </ol>
          {compared !== null && <Compared id={id} version={compared} definition={definition} close={() => setCompared(null)} />}
        </>
      )}
    </Answered>
  )
}

function Compared({ id, version, definition, close }: { id: string; version: number; definition: Definition; close: () => void }) {
  const query = useQuery(campaignVersion(id, version))
  return (
    <Dialog onClose={close} title={t('What is different')} size={820}>
      <Answered query={query} what={t('This version did not load')}>
        {(told) => (
          <Differences
            before={journeyOf(told.definition as Definition)}
            after={journeyOf(definition)}
            titles={{ before: t('Version {{version}}', { version }), after: t('What is written') }}
            titleOf={partName}
          />
        )}
      </Answered>
    </Dialog>
  )
}
