import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Share2, Trash2 } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { deleteInsight, restoreInsight, SAVED_INSIGHTS, type SavedInsight, savedInsights } from '~/api/boards'
import { useMay } from '~/api/may'
import { Ago } from '~/parts/Moment'
import { Section } from '~/parts/Page'
import { Answered } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { insightOf } from '../kinds'
import { isKind } from '../question'
import styles from './Saved.module.css'
import { SavedLink } from './SavedLink'

const ShareDialog = lazy(async () => ({ default: (await import('~/parts/sharing/ShareDialog')).ShareDialog }))

/** What somebody asked and saved; nothing while there is none. */
export function SavedInsights() {
  const query = useQuery(savedInsights)
  const [gone, setGone] = useState<SavedInsight | null>(null)
  if (query.data?.length === 0 && !gone) return null
  return (
    <Section title={t('Saved insights')}>
      {gone && <Undo gone={gone} done={() => setGone(null)} />}
      <Answered query={query} what={t('The saved insights did not load')}>
        {(saved) => (saved.length > 0 ? <SavedTable saved={saved} deleted={setGone} /> : null)}
      </Answered>
    </Section>
  )
}

function Undo({ gone, done }: { gone: SavedInsight; done: () => void }) {
  const client = useQueryClient()
  const undo = useMutation({
    mutationFn: () => restoreInsight(gone.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: SAVED_INSIGHTS })
      done()
    },
  })
  return (
    <div className={styles.undo} role="status">
      <span>{t('“{{name}}” was deleted. On boards its card says so.', { name: gone.name })}</span>
      <Button variant="subtle" loading={undo.isPending} onClick={() => undo.mutate()}>
        {t('Undo')}
      </Button>
      {undo.isError && <span role="alert">{undo.error.message}</span>}
    </div>
  )
}

function SavedTable({ saved, deleted }: { saved: SavedInsight[]; deleted: (insight: SavedInsight) => void }) {
  const may = useMay()('analyses:write')
  return (
    <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Saved insights')}>
      <table className={tableStyles.table}>
        <thead>
          <tr>
            <th scope="col">{t('Name')}</th>
            <th scope="col">{t('Question')}</th>
            <th scope="col">{t('Description')}</th>
            <th scope="col">{t('Saved by')}</th>
            <th scope="col" className={tableStyles.number}>
              {t('Changed')}
            </th>
            {may && (
              <th scope="col">
                <span className="unseen">{t('Actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {saved.map((insight) => (
            <tr key={insight.id}>
              <td>
                <SavedLink insight={insight} className={`${tableStyles.name} ${styles.name}`}>
                  {insight.name}
                </SavedLink>
              </td>
              <td className="quiet">{isKind(insight.kind) ? insightOf(insight.kind).label() : 'SQL'}</td>
              <td className={`${styles.about} quiet`} title={insight.description}>
                {insight.description}
              </td>
              <td className="quiet">{insight.by}</td>
              <td className={`${tableStyles.number} quiet`}>
                <Ago at={insight.saved_at} />
              </td>
              {may && (
                <td className={tableStyles.number}>
                  {insight.kind !== 'sql' && <Share insight={insight} />}
                  <Delete insight={insight} deleted={() => deleted(insight)} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Share({ insight }: { insight: SavedInsight }) {
  const [open, setOpen] = useState(false)
  const label = t('Share “{{name}}”', { name: insight.name.slice(0, 80) })
  return (
    <>
      <Tooltip label={label}>
        <ActionIcon variant="subtle" aria-label={label} onClick={() => setOpen(true)}>
          <Share2 size={15} />
        </ActionIcon>
      </Tooltip>
      {open && (
        <Suspense>
          <ShareDialog kind="insight" id={insight.id} name={insight.name} close={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}

/** At once, for it can be undone. */
function Delete({ insight, deleted }: { insight: SavedInsight; deleted: () => void }) {
  const client = useQueryClient()
  const drop = useMutation({
    mutationFn: () => deleteInsight(insight.id),
    onSuccess: async () => {
      deleted()
      await client.invalidateQueries({ queryKey: SAVED_INSIGHTS })
    },
  })
  const label = t('Delete “{{name}}”', { name: insight.name })
  return (
    <Tooltip label={drop.isError ? drop.error.message : label}>
      <ActionIcon variant="subtle" aria-label={label} loading={drop.isPending} onClick={() => drop.mutate()}>
        <Trash2 size={15} />
      </ActionIcon>
    </Tooltip>
  )
}
