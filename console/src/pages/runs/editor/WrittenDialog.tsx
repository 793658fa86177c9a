import { Button, Textarea } from '@mantine/core'
import { useState } from 'react'
import { CopyButton } from '~/parts/CopyButton'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { asFields } from '../graph'
import actions from '../RunActions.module.css'
import type { Definition } from './draft'
import { useEditing } from './editing'

/** The definition as the API has it. What is changed here is written, and published like any other change. */
export function WrittenDialog({ definition, close }: { definition: Definition; close: () => void }) {
  const editing = useEditing()
  const [original] = useState(() => JSON.stringify(definition, null, 2))
  const [text, setText] = useState(original)
  const [problem, setProblem] = useState('')
  const use = () => {
    try {
      const read = asFields(JSON.parse(text))
      if (read['id'] !== definition['id']) return setProblem(t('The id cannot be changed: results are kept by it.'))
      if (Object.keys(asFields(read['steps'])).length === 0) return setProblem(t('A journey has steps.'))
      editing?.write(read)
      close()
    } catch (error) {
      setProblem(t('This is not JSON: {{why}}', { why: error instanceof Error ? error.message : '' }))
    }
  }
  return (
    <Dialog onClose={close} title={t('Definition of “{{name}}”', { name: String(definition['name'] || definition['id']) })} size={640}>
      <div className={actions.form}>
        <Textarea
          label={t('As the API has it')}
          autosize
          minRows={10}
          maxRows={20}
          value={text}
          spellCheck={false}
          readOnly={!editing}
          onChange={(event) => setText(event.currentTarget.value)}
          error={problem || undefined}
        />
        <div className={actions.actions}>
          <CopyButton text={() => text} />
          <Button variant="filled" disabled={!editing || text === original} onClick={use}>
            {t('Use it')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
