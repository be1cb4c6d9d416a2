" Counts the words.
function! s:Count(text) abort
  if a:text == 'endfunction'
    return 0
  endif
  return len(split(a:text))
endfunction

func shop#till#Add(price)
  let g:sum += a:price
endfunc

command! -nargs=1 Count call s:Count(<q-args>)

vim9script
def Later(n: number): number
  return n
enddef
