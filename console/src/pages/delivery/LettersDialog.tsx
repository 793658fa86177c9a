import { Button } from '@mantine/core'
import type { DeadLetter } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { channelName } from '~/words/happenings'
import { count, plural } from '~/words/numbers'
import panes from '../data/DataPage.module.css'
import styles from './DeliveryPage.module.css'
import { type LetterAct, useLetters } from './useLetters'

interface Props {
  act: LetterAct
  channel: string | null
  /** Those that are listed. */
  letters: DeadLetter[]
  /** How many there are, those that are not listed among them. */
  total: number
  done: (said: string) => void
  close: () => void
}

/** All of them at once: how many, by what and when stand here before the button does. */
export function LettersDialog({ act, channel, letters, total, done, close }: Props) {
  const change = useLetters(act, (said) => {
    done(said)
    close()
  })
  const doubtful = letters.filter(({ state }) => state === 'in_doubt').length
  const channels = [...new Set(letters.map((each) => each.channel))].map(channelName).join(', ')
  return (
    <Dialog onClose={close} title={act === 'replay' ? 'Send all again' : 'Drop all'}>
      <div className={styles.form}>
        {act === 'replay' ? (
          <>
            <dl className={panes.facts}>
              <div>
                <dt>Messages</dt>
                <dd>{count(total)}</dd>
              </div>
              <div>
                <dt>Channel</dt>
                <dd>{channels}</dd>
              </div>
              <div>
                <dt>Next send</dt>
                <dd>At once</dd>
              </div>
            </dl>
            <p className="quiet">
              Each asks the gate once more: who has opted out meanwhile is not written to, and marketing that is too old stays here.
              {doubtful > 0 && ` ${plural(doubtful, 'message')} of those listed may arrive twice.`}
            </p>
          </>
        ) : (
          <p>
            {plural(total, 'message')}
            {channel ? ` by ${channelName(channel)}` : ''} will never be sent; they stay counted as failed. This cannot be undone.
          </p>
        )}
        {change.isError && (
          <p className={panes.bad} role="alert">
            Nothing was changed. {change.error.message}
          </p>
        )}
        <div className={panes.actions}>
          <Button onClick={close}>Leave them</Button>
          <Button
            variant="filled"
            data-danger={act === 'drop' || undefined}
            loading={change.isPending}
            onClick={() => change.mutate({ all: true, ...(channel ? { channel } : {}) })}
          >
            {act === 'replay' ? 'Send all again' : 'Drop all'}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
