import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { TopBar } from '~/frame/TopBar'
import { SieveDrawing } from '~/parts/Drawings'
import { Empty } from '~/parts/States'

export function Lost() {
  const navigate = useNavigate()
  return (
    <>
      <TopBar title="Not found" />
      <Empty
        title="There is no such page"
        drawing={<SieveDrawing />}
        actions={
          <Button variant="filled" onClick={() => void navigate({ to: '/' })}>
            Open the overview
          </Button>
        }
      >
        The address may be old, or a letter of it is missing.
      </Empty>
    </>
  )
}
