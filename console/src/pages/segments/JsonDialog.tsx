import { Button, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { Json } from '~/api/types'
import { CopyButton } from '~/parts/CopyButton'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { decodeText, Misshapen } from './decode'
import type { Group } from './model'
import styles from './SegmentBuilder.module.css'
import { DEPTH_MOST, depth } from './tree'

/** The one JSON form, the same in API, CLI, files and here: to copy, or to paste over. */
export function JsonDialog({ definition, apply, close }: { definition: Json; apply: (root: Group) => void; close: () => void }) {
  const [text, setText] = useState(() => JSON.stringify(definition, null, 2))
  const [problem, setProblem] = useState<string | null>(null)
  const use = () => {
    try {
      const root = decodeText(text)
      if (depth(root) > DEPTH_MOST) throw new Misshapen('$', t('groups nest at most {{most}} deep here', { most: DEPTH_MOST }))
      apply(root)
      close()
    } catch (refused) {
      if (!(refused instanceof Misshapen)) throw refused
      setProblem(refused.message)
    }
  }
  return (
    <Dialog onClose={close} title={t('This segment as JSON')} size={560}>
      <div className={styles.form}>
        <Textarea label={t('Definition')} autosize minRows={10} maxRows={22} value={text} error={problem} onChange={(event) => setText(event.currentTarget.value)} data-autofocus spellCheck={false} />
        <div className={styles.actions}>
          <CopyButton text={() => text} />
          <Button variant="filled" onClick={use}>
            {t('Use this definition')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
