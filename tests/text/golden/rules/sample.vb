Imports System

''' <summary>A till.</summary>
Public Class Till
    Private Const Limit As Integer = 3

    ' Adds a price.
    Public Sub Add(ByVal price As Integer)
        If price > 0 Then
            sum = sum + price ' End Sub
        End If
    End Sub

    Public ReadOnly Property Total() As Integer
        Get
            Return sum
        End Get
    End Property
End Class
