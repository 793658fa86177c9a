import { Button, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { BadRecord } from '~/api/types'
import { Ago } from '~/parts/Moment'
import { t } from '~/words/language'
import { told } from '~/words/told'
import { laidOut } from './codeWords'
import styles from './DataPage.module.css'
import { useReplay } from './useReplay'

/** One bad record: why it is no event, what to do, and its body to mend. */
export function RecordEditor({ record, done }: { record: BadRecord; done: () => void }) {
  const [original] = useState(() => laidOut(record.body))
  const [body, setBody] = useState(original)
  const replay = useReplay()
  const mended = body !== original
  const broken = mended ? jsonProblem(body) : null
  const send = async () => {
    const wish = { ids: [record.id], ...(mended ? { bodies: { [String(record.id)]: body } } : {}) }
    // A record that became an event leaves the list, and this editor with it: the list says so.
    if ((await replay.mutateAsync(wish).catch(() => null))?.replayed) done()
  }
  return (
    <aside className={styles.editor} aria-label={t('Bad record')} tabIndex={0}>
      <h2>{told(record.message)}</h2>
      {record.hint && <p className="quiet">{told(record.hint)}</p>}
      <dl className={styles.facts}>
        <div>
          <dt>{t('Where')}</dt>
          <dd className="mono">{record.path || '$'}</dd>
        </div>
        <div>
          <dt>{t('Source')}</dt>
          <dd>{record.source}</dd>
        </div>
        <div>
          <dt>{t('Came')}</dt>
          <dd>
            <Ago at={record.at} />
          </dd>
        </div>
        <div>
          <dt>{t('Code')}</dt>
          <dd className="mono">{record.code}</dd>
        </div>
      </dl>
      <Textarea
        label={t('Body')}
        autosize
        minRows={8}
        maxRows={22}
        value={body}
        spellCheck={false}
        readOnly={record.replayed_at !== null}
        onChange={(event) => setBody(event.currentTarget.value)}
        error={broken}
      />
      {replay.data?.replayed === 0 && (
        <p className={styles.bad} role="alert">
          {t('Still bad. Mend the body where the reason points, then replay.')}
        </p>
      )}
      {replay.isError && (
        <p className={styles.bad} role="alert">
          {t('Not replayed; nothing was changed.')} {replay.error.message}
        </p>
      )}
      {record.replayed_at === null && (
        <div className={styles.actions}>
          {mended && <Button onClick={() => setBody(original)}>{t('Undo changes')}</Button>}
          <Button variant="filled" disabled={broken !== null} loading={replay.isPending} onClick={() => void send()}>
            {mended ? t('Replay mended') : t('Replay')}
          </Button>
        </div>
      )}
    </aside>
  )
}

function jsonProblem(text: string): string | null {
  try {
    JSON.parse(text)
    return null
  } catch (problem) {
    return problem instanceof Error ? `Not JSON: ${problem.message}` : 'Not JSON'
  }
}
