import { Button } from '@mantine/core'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { count } from '~/words/numbers'
import styles from './Pager.module.css'

export function Pager({ page, pages, go }: { page: number; pages: number; go: (page: number) => void }) {
  if (pages < 2) return null
  return (
    <nav className={styles.pager} aria-label="Pages">
      <span className="quiet">
        Page {count(page)} of {count(pages)}
      </span>
      <Button leftSection={<ChevronLeft size={14} />} disabled={page <= 1} onClick={() => go(page - 1)}>
        Previous
      </Button>
      <Button rightSection={<ChevronRight size={14} />} disabled={page >= pages} onClick={() => go(page + 1)}>
        Next
      </Button>
    </nav>
  )
}
