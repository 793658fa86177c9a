import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { TopBar } from '~/frame/TopBar'
import { SieveDrawing } from '~/parts/Drawings'
import { Empty } from '~/parts/States'
import { t } from '~/words/language'

export function Lost() {
  const navigate = useNavigate()
  return (
    <>
      <TopBar title={t('Not found')} />
      <Empty
        title={t('There is no such page')}
        drawing={<SieveDrawing />}
        actions={
          <Button variant="filled" onClick={() => void navigate({ to: '/' })}>
            {t('Open the overview')}
          </Button>
        }
      >
        {t('The address may be old, or a letter of it is missing.')}
      </Empty>
    </>
  )
}
