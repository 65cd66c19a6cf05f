/* Wine 8 has no bcryptprimitives.dll, from which Rust's standard library takes its random numbers. For
   tests only: beside the program it is found before the system's. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T length)
{
    return RtlGenRandom(bytes, length);
}
