import { Button } from '@mantine/core'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { t } from '~/words/language'
import styles from './Pager.module.css'

export function Pager({ page, pages, go }: { page: number; pages: number; go: (page: number) => void }) {
  if (pages < 2) return null
  return (
    <nav className={styles.pager} aria-label={t('Pages')}>
      <span className="quiet">
        {t('Page {{page}} of {{pages}}', { page, pages })}
      </span>
      <Button leftSection={<ChevronLeft size={14} />} disabled={page <= 1} onClick={() => go(page - 1)}>
        {t('Previous')}
      </Button>
      <Button rightSection={<ChevronRight size={14} />} disabled={page >= pages} onClick={() => go(page + 1)}>
        {t('Next')}
      </Button>
    </nav>
  )
}
