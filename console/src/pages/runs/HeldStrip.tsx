import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { occasions } from '~/api/queries'
import type { Run } from '~/api/types'
import { counted, t } from '~/words/language'
import { comesInRuns } from './graph'
import styles from './RunPage.module.css'

/** A run that waits for somebody to look at it is said on the canvas, not only in its tab. */
export function HeldStrip({ run, look }: { run: Run; look: () => void }) {
  const { data } = useQuery({ ...occasions(run.kind, run.id), enabled: comesInRuns(run) })
  const held = data?.filter(({ state }) => state === 'held') ?? []
  if (held.length === 0) return null
  return (
    <div className={styles.held} role="status">
      <TriangleAlert size={15} aria-hidden="true" />
      <p>{held.length === 1 ? counted(held[0]!.people ?? 0, 'A run to {{count}} person waits for your word', 'A run to {{count}} people waits for your word') : t('{{number}} runs wait for your word', { number: held.length })}</p>
      <Button variant="subtle" onClick={look}>
        {t('Look at it')}
      </Button>
    </div>
  )
}
