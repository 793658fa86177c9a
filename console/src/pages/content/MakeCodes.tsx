import { Autocomplete, Button, NumberInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { post, Refusal, route } from '~/api/client'
import type { Shape } from '~/api/shape'
import { saveFile } from '~/parts/charts/files'
import { counted, t } from '~/words/language'
import styles from './TemplatePage.module.css'

const MOST = 20_000

/** Codes made here, of a pattern. Whoever redeems them must know them: they are handed over as a file, once. */
export function MakeCodes({ names }: { names: string[] }) {
  const client = useQueryClient()
  const [pool, setPool] = useState(names[0] ?? '')
  const [many, setMany] = useState<number | string>(500)
  const [pattern, setPattern] = useState('####-####-####')
  const make = useMutation({
    mutationFn: () => post<Shape<'MadeCodesShape'>>(route`/api/coupons/${pool.trim()}/codes`, { count: Number(many), pattern: pattern.trim() }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['coupons'] }),
  })
  const codes = make.isPending ? undefined : make.data?.codes
  const ready = pool.trim() !== '' && pattern.includes('#') && Number(many) > 0
  return (
    <form
      className={styles.importing}
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate()
      }}
    >
      <div className={styles.languages}>
        <Autocomplete label={t('Make codes for the pool')} w={200} data={names} value={pool} onChange={setPool} />
        <NumberInput label={t('How many')} w={110} min={1} max={MOST} allowDecimal={false} value={many} onChange={setMany} />
        <TextInput label={t('Pattern: each # is a letter or a digit')} w={240} value={pattern} onChange={(event) => setPattern(event.currentTarget.value)} />
        <Button type="submit" variant="filled" disabled={!ready} loading={make.isPending}>
          {t('Make codes')}
        </Button>
      </div>
      {make.isError && (
        <p className={styles.bad} role="alert">
          {t('No codes were made.')} {make.error.message} {make.error instanceof Refusal ? make.error.hint : ''}
        </p>
      )}
      {codes && (
        <div role="status" className={styles.importing}>
          <p>
            {counted(codes.length, '{{count}} code was made, such as {{example}}.', '{{count}} codes were made, such as {{example}}.', { example: codes[0] ?? '' })}{' '}
            {t('Give them to whoever redeems them: they are not shown again.')}
          </p>
          <Button leftSection={<Download size={14} />} onClick={() => saveFile(`${pool.trim()}.txt`, 'text/plain', `${codes.join('\n')}\n`)}>
            {t('Save the codes as a file')}
          </Button>
        </div>
      )}
    </form>
  )
}
