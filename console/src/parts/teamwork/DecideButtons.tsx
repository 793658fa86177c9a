import { Button } from '@mantine/core'
import { useMay } from '~/api/may'
import type { Approval } from '~/api/teamwork'
import { t } from '~/words/language'
import type { Say } from './DecideDialog'

/** What the reader may say of it; where they may say nothing, who may. `quiet`: the page has its ink elsewhere. */
export function DecideButtons({ approval, choose, quiet = false }: { approval: Approval; choose: (say: Say) => void; quiet?: boolean }) {
  const may = useMay()
  if (approval.own) return <Button onClick={() => choose('withdraw')}>{t('Withdraw')}</Button>
  if (!may('approve')) return <span className="faint">{t('An owner or admin approves it.')}</span>
  return (
    <>
      <Button onClick={() => choose('refuse')}>{t('Refuse')}</Button>
      <Button variant={quiet ? 'default' : 'filled'} onClick={() => choose('approve')}>
        {t('Look and approve')}
      </Button>
    </>
  )
}
