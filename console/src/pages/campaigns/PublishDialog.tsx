import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { AwaitsApproval, put, Refusal, route } from '~/api/client'
import type { Run } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { Failed, Waiting } from '~/parts/States'
import { counted, t } from '~/words/language'
import { Differences } from '../runs/editor/Differences'
import type { Definition } from '../runs/editor/draft'
import editor from '../runs/editor/Editor.module.css'
import actions from '../runs/RunActions.module.css'
import { partName } from './Composer'
import { journeyOf } from './meaning'
import { OutlookFacts } from './Outlook'
import { campaignOutlook, campaignPreview } from './questions'

interface Props {
  /** What is published now; null for what is new. */
  run: Run | null
  /** The version it was written upon; nothing newer is published over unseen. */
  basedOn: number
  definition: Definition
  close: () => void
  /** It was published, or somebody was asked to approve it. */
  done: (asked: boolean) => void
}

/** Whom it writes to, by what and when, stands here before the button does. */
export function PublishDialog({ run, basedOn, definition, close, done }: Props) {
  const client = useQueryClient()
  const id = String(definition['id'])
  const preview = useQuery(campaignPreview(id, definition))
  const ahead = useQuery({ ...campaignOutlook(id, definition), staleTime: 0 })
  const publish = useMutation({
    mutationFn: () => put<Run>(route`/api/campaigns/${id}`, { ...definition, based_on: basedOn }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['campaigns'] })
      done(false)
    },
    onError: (error) => error instanceof AwaitsApproval && done(true),
  })
  const version = (run?.version ?? 0) + 1
  const error = preview.error ?? ahead.error
  const ready = preview.data !== undefined && ahead.data !== undefined && !error && !ahead.isPlaceholderData
  return (
    <Dialog onClose={close} title={t('Publish “{{name}}”', { name: String(definition['name'] || definition['id']) })} size={720}>
      <div className={editor.dialog}>
        {error ? (
          <Failed
            what={t('It cannot be published as it is')}
            error={error}
            retry={() => {
              void preview.refetch()
              void ahead.refetch()
            }}
          />
        ) : ready ? (
          <>
            <OutlookFacts ahead={ahead.data} definition={definition} />
            {preview.data.people > 0 && <p className="quiet">{counted(preview.data.people, '{{count}} person is under way and stays on their version.', '{{count}} people are under way and stay on their version.')}</p>}
            {run && (
              <section>
                <h3 className={editor.heading}>{t('What is different')}</h3>
                <Differences
                  before={journeyOf(run.definition)}
                  after={journeyOf(definition)}
                  titles={{ before: t('Version {{version}}', { version: run.version }), after: t('Version {{version}}', { version }) }}
                  titleOf={partName}
                />
              </section>
            )}
          </>
        ) : (
          <Waiting rows={5} height={44} />
        )}
        {publish.isError && !(publish.error instanceof AwaitsApproval) && (
          <p className={actions.problem} role="alert">
            {t('Not published.')} {publish.error.message} {publish.error instanceof Refusal ? publish.error.hint : ''}
          </p>
        )}
        <div className={editor.actions}>
          <Button onClick={close}>{t('Not yet')}</Button>
          <Button variant="filled" disabled={!ready} loading={publish.isPending} onClick={() => publish.mutate()}>
            {t('Publish v{{version}}', { version })}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
