import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { type DraftHeading, drafts, dropDraft } from '~/api/drafts'
import { useMay } from '~/api/may'
import { session } from '~/api/queries'
import type { RunKind, RunRow } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { Dialog } from '~/parts/Dialog'
import { Ago } from '~/parts/Moment'
import { Section } from '~/parts/Page'
import tables from '~/parts/Table.module.css'
import { counted, t } from '~/words/language'
import editor from './editor/Editor.module.css'

/** What was written of this kind and is not published: new ones, which are nowhere else, and changes to those there are. */
export function DraftsSection({ kind, rows }: { kind: RunKind; rows: RunRow[] }) {
  const { data } = useQuery(drafts)
  const mine = useQuery(session).data?.account?.email
  const may = useMay()('decisions:write')
  const [dropping, setDropping] = useState<DraftHeading | null>(null)
  const found = data?.filter((each) => each.kind === kind) ?? []
  if (found.length === 0) return null
  const named = new Map(rows.map((row) => [row.id, row]))
  return (
    <Section title={counted(found.length, '{{count}} draft', '{{count}} drafts')} note={t('Written and not published yet: nobody is contacted by them')}>
      <div className={tables.block} tabIndex={0} role="region" aria-label={t('Drafts')}>
        <table className={tables.table}>
          <thead>
            <tr>
              <th scope="col">{t('Name')}</th>
              <th scope="col">{t('What it is')}</th>
              <th scope="col">{t('Written by')}</th>
              <th scope="col">{t('Last written')}</th>
              <th scope="col">
                <span className="unseen">{t('What to do')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {found.map((draft) => {
              const published = named.get(draft.id)
              const name = draft.name || published?.name || draft.id
              const isNew = draft.based_on === 0 && !published
              return (
                <tr key={draft.id}>
                  <td>
                    <DraftLink draft={draft} isNew={isNew} name={name} />
                  </td>
                  <td>
                    <Chip tone={isNew ? 'accent' : 'plain'}>{isNew ? t('New') : t('Changes to v{{version}}', { version: draft.based_on || 1 })}</Chip>
                  </td>
                  <td>{mine !== undefined && draft.by === mine ? t('You') : draft.by_name || draft.by || t('Somebody')}</td>
                  <td className="quiet">
                    <Ago at={draft.updated_at} />
                  </td>
                  <td className={tables.number}>
                    {may && (
                      <Button variant="subtle" onClick={() => setDropping(draft)}>
                        {t('Throw it away')}
                        <span className="unseen"> {name}</span>
                      </Button>
                    )}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      {dropping && <DropDialog draft={dropping} name={dropping.name || dropping.id} close={() => setDropping(null)} />}
    </Section>
  )
}

function DraftLink({ draft, isNew, name }: { draft: DraftHeading; isNew: boolean; name: string }) {
  // What is published has its own page, where the draft is offered; what is new is only its draft.
  if (draft.kind === 'campaign') {
    return (
      <Link to="/campaigns/$id" params={{ id: draft.id }} search={isNew ? { from: 'draft' } : { view: 'compose' }} className={tables.name}>
        {name}
      </Link>
    )
  }
  return (
    <Link to="/journeys/$id" params={{ id: draft.id }} search={isNew ? { from: 'draft' } : {}} className={tables.name}>
      {name}
    </Link>
  )
}

function DropDialog({ draft, name, close }: { draft: DraftHeading; name: string; close: () => void }) {
  const client = useQueryClient()
  const drop = useMutation({
    mutationFn: () => dropDraft(draft),
    onSuccess: close,
    // Also where somebody was faster: then the list shows what there is.
    onSettled: () => client.invalidateQueries({ queryKey: drafts.queryKey }),
  })
  return (
    <Dialog onClose={close} title={t('Throw away the draft “{{name}}”', { name })}>
      <div className={editor.dialog}>
        <p>
          {draft.based_on === 0
            ? t('It was never published, so nothing of it is left, and nobody is contacted less for it.')
            : t('What is published stays as it is. What was changed since is gone.')}{' '}
          {t('This cannot be undone.')}
        </p>
        {drop.isError && (
          <p className={editor.wrong} role="alert">
            {drop.error.message}
          </p>
        )}
        <div className={editor.actions}>
          <Button onClick={close}>{t('Keep it')}</Button>
          <Button variant="filled" data-danger data-autofocus loading={drop.isPending} onClick={() => drop.mutate()}>
            {t('Throw it away')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
