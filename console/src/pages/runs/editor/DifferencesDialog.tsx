import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { Differences } from './Differences'
import type { Definition } from './draft'

interface Props {
  before: Definition
  after: Definition
  titles: { before: string; after: string }
  titleOf: (id: string) => string
  close: () => void
}

export function DifferencesDialog({ close, ...told }: Props) {
  return (
    <Dialog onClose={close} title={t('What is different')} size={820}>
      <Differences {...told} />
    </Dialog>
  )
}
