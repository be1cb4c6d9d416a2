module tides
  use iso_fortran_env, only: real64
  implicit none
  type, extends(water) :: tide
    real :: height
  contains
    procedure :: rise
  end type tide
contains
  !> How high the water is.
  pure function height(t, moon) result(h)
    real, intent(in) :: t
    if (t > 0) then
      h = sin(t)
    end if
  end function height

  recursive subroutine rise(self)
    class(tide) :: self
    print *, 'end subroutine'
  end subroutine rise
end module tides

      SUBROUTINE OLD(N)
      INTEGER N
      END
